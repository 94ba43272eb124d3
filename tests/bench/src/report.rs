//! Reports measurements: a table for people, and a line per figure for programs.

use std::fmt::Write;

/// One measured figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The name in the lines, such as `init_ms`.
    pub metric: &'static str,
    /// The name in the table.
    pub meaning: &'static str,
    /// The unit.
    pub unit: &'static str,
    /// The measured value.
    pub value: f64,
    /// The minimum and maximum, if it was measured more than once.
    pub range: Option<(f64, f64)>,
}

/// The figures of one subject, such as a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The subject's name.
    pub name: String,
    /// The figures; all subjects of a report have the same figures in the same order.
    pub figures: Vec<Figure>,
}

/// Formats a Markdown table with a row per figure and a column per subject.
#[must_use]
pub fn table(subjects: &[Subject]) -> String {
    let mut table = String::from("| |");
    for subject in subjects {
        let _ = write!(table, " {} |", subject.name);
    }
    table.push_str("\n|---|");
    table.push_str(&"---:|".repeat(subjects.len()));
    table.push('\n');
    let rows = subjects.first().map_or(0, |subject| subject.figures.len());
    for row in 0..rows {
        let _ = write!(table, "| {} |", subjects[0].figures[row].meaning);
        for subject in subjects {
            let _ = write!(table, " {} |", cell(&subject.figures[row]));
        }
        table.push('\n');
    }
    table
}

/// Formats the lines `BENCH <suite>/<subject>/<metric> <value> <unit>`.
#[must_use]
pub fn lines(suite: &str, subjects: &[Subject]) -> String {
    let mut lines = String::new();
    for Subject { name, figures } in subjects {
        for figure in figures {
            let (metric, unit, value) = (figure.metric, figure.unit, round(figure.value));
            let _ = writeln!(lines, "BENCH {suite}/{name}/{metric} {value} {unit}");
        }
    }
    lines
}

fn cell(figure: &Figure) -> String {
    let value = format!("{} {}", round(figure.value), figure.unit);
    match figure.range {
        Some((least, greatest)) => format!("{value} ({} to {})", round(least), round(greatest)),
        None => value,
    }
}

/// Rounds to three significant digits, which is more than the noise allows; whole numbers stay whole.
fn round(value: f64) -> String {
    let decimals = match value.abs() {
        0.0..1.0 => 3,
        1.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(name: &str) -> Subject {
        let figure = |metric, meaning, unit, value, range| Figure {
            metric,
            meaning,
            unit,
            value,
            range,
        };
        Subject {
            name: name.into(),
            figures: vec![
                figure("init_ms", "Start", "ms", 7.254, Some((6.9, 12.04))),
                figure("requests_per_order", "Requests", "requests", 2.0, None),
            ],
        }
    }

    #[test]
    fn a_table_has_a_column_per_subject() {
        let expected = "| | checkout | peer |\n|---|---:|---:|\n\
            | Start | 7.25 ms (6.9 to 12) | 7.25 ms (6.9 to 12) |\n\
            | Requests | 2 requests | 2 requests |\n";
        assert_eq!(table(&[subject("checkout"), subject("peer")]), expected);
    }

    #[test]
    fn a_line_has_a_figure_and_its_unit() {
        let expected = "BENCH functions/checkout/init_ms 7.25 ms\n\
            BENCH functions/checkout/requests_per_order 2 requests\n";
        assert_eq!(lines("functions", &[subject("checkout")]), expected);
    }

    #[test]
    fn rounding_keeps_significant_digits() {
        for (value, text) in [
            (0.7349, "0.735"),
            (0.0, "0"),
            (100.0, "100"),
            (1234.5, "1234"),
            (11.26, "11.3"),
        ] {
            assert_eq!(round(value), text);
        }
    }
}
