//! Plots orders per second over the number of shards, as text and as SVG.

use std::fmt::Write;

const WIDTH: usize = 60;

/// Draws a bar per number of shards.
pub fn text(rates: &[(u8, f64)]) -> String {
    let most = rates.iter().map(|&(_, rate)| rate).fold(1.0, f64::max);
    let mut plot = String::from("orders a second\n");
    for &(shards, rate) in rates {
        let length = (rate / most * WIDTH as f64).round() as usize;
        let _ = writeln!(plot, "{shards:>3} shards │{} {rate:.0}", "█".repeat(length));
    }
    plot
}

/// Draws points on two logarithmic axes; a straight line means that twice the shards sell twice as fast.
pub fn svg(rates: &[(u8, f64)]) -> String {
    let most = rates.iter().map(|&(_, rate)| rate).fold(1.0, f64::max).log2().ceil();
    let least = rates
        .iter()
        .map(|&(_, rate)| rate)
        .fold(f64::INFINITY, f64::min)
        .log2()
        .floor();
    let x = |shards: u8| 60.0 + f64::from(shards).log2() * 80.0;
    let y = |rate: f64| 340.0 - (rate.log2() - least) / (most - least).max(1.0) * 300.0;
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 520 400\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"520\" height=\"400\" fill=\"white\"/>\n\
         <text x=\"60\" y=\"20\">orders a second of one product, by its number of stock shards</text>\n",
    );
    let mut points = String::new();
    for &(shards, rate) in rates {
        let (x, y) = (x(shards), y(rate));
        let _ = write!(points, "{x:.1},{y:.1} ");
        let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\" fill=\"#c81e3c\"/>");
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\">{rate:.0}</text>",
            x - 30.0,
            y - 10.0
        );
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"370\">{shards}</text>", x - 4.0);
    }
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#c81e3c\"/>",
        points.trim_end()
    );
    svg.push_str("</svg>\n");
    svg
}
