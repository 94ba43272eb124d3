//! One line a step with its time; a bar while it lasts when a terminal is there to draw it on.

use std::cell::Cell;
use std::fmt::Display;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a long step says that it is alive where no bar can be drawn.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);

/// Where steps are shown.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    bars: bool,
}

impl Progress {
    /// Bars on a terminal, plain lines anywhere else.
    #[must_use]
    pub fn on_stdout() -> Self {
        Self {
            bars: std::io::stdout().is_terminal(),
        }
    }

    /// Plain lines only, as tests want them.
    #[must_use]
    pub fn plain() -> Self {
        Self { bars: false }
    }

    /// Begins a step; what it does is shown until [`Step::done`] says what came of it.
    pub(crate) fn step(self, doing: &str) -> Step {
        let bar = self.bars.then(|| {
            let bar = ProgressBar::new_spinner().with_style(style("  {spinner:.cyan} {elapsed:>8.dim}  {msg}"));
            bar.set_message(doing.to_owned());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Step {
            doing: doing.to_owned(),
            bar,
            began: Instant::now(),
            spoke: Cell::new(Instant::now()),
            done: false,
        }
    }
}

/// A step under way. Dropped before it is done, it counts as failed.
pub(crate) struct Step {
    doing: String,
    bar: Option<ProgressBar>,
    began: Instant,
    spoke: Cell<Instant>,
    done: bool,
}

impl Step {
    /// So far `done` of `all` parts.
    pub(crate) fn at(&self, done: u64, all: u64) {
        if let Some(bar) = &self.bar {
            if bar.length() != Some(all) {
                bar.set_length(all);
                bar.set_style(
                    style("  {spinner:.cyan} {elapsed:>8.dim}  {msg} {bar:24.cyan/dim} {pos}/{len}")
                        .progress_chars("━━─"),
                );
            }
            bar.set_position(done);
        } else if self.spoke.get().elapsed() >= SIGN_OF_LIFE {
            self.spoke.set(Instant::now());
            println!(
                "  … {:>6.1} s  {} {done}/{all}",
                self.began.elapsed().as_secs_f64(),
                self.doing
            );
        }
    }

    /// The step is over; `outcome` is what stays on the screen.
    pub(crate) fn done(mut self, outcome: impl Display) {
        self.done = true;
        self.line("✓", &outcome);
    }

    fn line(&self, mark: &str, text: &dyn Display) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        println!("  {mark} {:>6.1} s  {text}", self.began.elapsed().as_secs_f64());
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if !self.done {
            self.line("✗", &self.doing);
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
