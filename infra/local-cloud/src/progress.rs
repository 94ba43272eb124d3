//! Prints one line with the elapsed time for each step. On a terminal, shows a progress bar while the step runs.

use std::cell::Cell;
use std::fmt::Display;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a long step prints its progress when there is no terminal.
const PRINT_INTERVAL: Duration = Duration::from_secs(30);

/// How steps are printed.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    bars: bool,
}

impl Progress {
    /// Progress bars on a terminal, otherwise plain lines.
    #[must_use]
    pub fn on_stdout() -> Self {
        Self {
            bars: std::io::stdout().is_terminal(),
        }
    }

    /// Plain lines only, for tests.
    #[must_use]
    pub fn plain() -> Self {
        Self { bars: false }
    }

    /// Begins a step. Shows `doing` until [`Step::done`] replaces it with the outcome.
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
            last_printed: Cell::new(Instant::now()),
            done: false,
        }
    }
}

/// A running step. Dropping it before [`Step::done`] prints it as failed.
pub(crate) struct Step {
    doing: String,
    bar: Option<ProgressBar>,
    began: Instant,
    last_printed: Cell<Instant>,
    done: bool,
}

impl Step {
    /// Reports that `done` of `all` parts are complete.
    pub(crate) fn update(&self, done: u64, all: u64) {
        if let Some(bar) = &self.bar {
            if bar.length() != Some(all) {
                bar.set_length(all);
                bar.set_style(
                    style("  {spinner:.cyan} {elapsed:>8.dim}  {msg} {bar:24.cyan/dim} {pos}/{len}")
                        .progress_chars("━━─"),
                );
            }
            bar.set_position(done);
        } else if self.last_printed.get().elapsed() >= PRINT_INTERVAL {
            self.last_printed.set(Instant::now());
            println!(
                "  … {:>6.1} s  {} {done}/{all}",
                self.began.elapsed().as_secs_f64(),
                self.doing
            );
        }
    }

    /// Completes the step and prints `outcome`.
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
