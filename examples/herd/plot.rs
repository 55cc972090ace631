//! The plot `docs/herd.svg`: attempts and returns over time, a panel for each schedule and scenario.

use std::fmt::Write;

use crate::{
    experiments::Experiment,
    measure::{PLOTTED_S, Summary},
    report::{grouped, seconds},
};

/// One column of panels.
pub struct Column<'a> {
    pub title: &'a str,
    pub panels: Vec<(&'a Experiment, &'a Summary)>,
}

const PANEL_WIDTH: f64 = 400.0;
const PANEL_HEIGHT: f64 = 92.0;
/// Room for a panel's title above it, and for the numbers of the axes left of it and below it.
const ABOVE: f64 = 46.0;
const LEFT: f64 = 62.0;
const BELOW: f64 = 18.0;
const TOP: f64 = 104.0;
const BOTTOM: f64 = 34.0;
const RIGHT: f64 = 22.0;

/// The highest value that fits, in attempts per second: everybody at once.
const MOST: f64 = 10_000.0;
const MARKS_PER_SECOND: [usize; 4] = [0, 500, 2_500, 10_000];
const MARKS_S: [usize; 5] = [0, 20, 40, 60, 80];

const STYLE: &str = "
svg {
  --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #d1d9e0;
  --down: #eef1f4; --attempts: #e08a1e; --back: #0b62c4;
}
@media (prefers-color-scheme: dark) {
  svg {
    --paper: #0d1117; --ink: #f0f6fc; --faint: #a3acb6; --line: #3d444d;
    --down: #1c222a; --attempts: #d9822b; --back: #6cb6ff;
  }
}
text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: var(--ink); }
.title { font-size: 16px; font-weight: 600; }
.column { font-size: 13px; font-weight: 600; }
.name { font-weight: 600; }
.faint { fill: var(--faint); }
.number { font-size: 11px; fill: var(--faint); }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
.paper { fill: var(--paper); }
.down { fill: var(--down); }
.attempts { fill: var(--attempts); }
.back { fill: var(--back); }
.line { stroke: var(--line); fill: none; }
.limit { stroke: var(--faint); stroke-dasharray: 4 3; fill: none; }
";

/// The whole plot. All experiments must have as many clients and as fast a server.
pub fn render(columns: &[Column<'_>]) -> String {
    let rows = columns.iter().map(|column| column.panels.len()).max().unwrap_or(0);
    let width = columns.len() as f64 * (LEFT + PANEL_WIDTH) + RIGHT;
    let height = TOP + rows as f64 * (ABOVE + PANEL_HEIGHT + BELOW) + BOTTOM;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"title\">\n<style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n"
    );
    legend(&mut svg, columns);
    for (index, column) in columns.iter().enumerate() {
        let x = LEFT + index as f64 * (LEFT + PANEL_WIDTH);
        text(&mut svg, x, TOP - 10.0, "column", column.title);
        for (row, (experiment, summary)) in column.panels.iter().enumerate() {
            let y = TOP + ABOVE + row as f64 * (ABOVE + PANEL_HEIGHT + BELOW);
            panel(&mut svg, x, y, experiment, summary);
        }
        text(&mut svg, x + PANEL_WIDTH / 2.0, height - 14.0, "faint middle", "seconds since the connections were cut");
    }
    svg.push_str("</svg>\n");
    svg
}

fn legend(svg: &mut String, columns: &[Column<'_>]) {
    let Some((experiment, _)) = columns.iter().flat_map(|column| &column.panels).next() else {
        return;
    };
    let title = format!("{} clients lose their connections at once", grouped(experiment.clients));
    let _ = writeln!(svg, "<text id=\"title\" class=\"title\" x=\"{LEFT}\" y=\"28\">{title}</text>");
    text(
        svg,
        LEFT,
        47.0,
        "faint",
        "Events per second on a square-root scale, one bar per second. “Back after” counts from the server's return.",
    );
    let limit =
        format!("what the server takes: {} per second", grouped(experiment.scenario.accepts_per_second as usize));
    let entries = [("attempts", "attempts"), ("back", "clients back"), ("down", "server away"), ("limit", &limit)];
    let mut x = LEFT;
    for (class, words) in entries {
        if class == "limit" {
            line(svg, class, (x, 65.0), (x + 22.0, 65.0));
        } else {
            rectangle(svg, class, (x, 60.0), (22.0, 10.0));
        }
        text(svg, x + 28.0, 69.0, "", words);
        x += 62.0 + 6.4 * words.len() as f64;
    }
}

fn panel(svg: &mut String, x: f64, y: f64, experiment: &Experiment, summary: &Summary) {
    let second = PANEL_WIDTH / PLOTTED_S as f64;
    let (bottom, up) = (y + PANEL_HEIGHT, experiment.scenario.outage_s as f64 * second);
    rectangle(svg, "down", (x, y), (up, PANEL_HEIGHT));
    for mark in MARKS_PER_SECOND {
        let height = height_of(mark);
        line(svg, "line", (x, bottom - height), (x + PANEL_WIDTH, bottom - height));
        text(svg, x - 6.0, bottom - height + 4.0, "number end", &grouped(mark));
    }
    bars(svg, "attempts", (x, bottom), second, &summary.attempts_by_second);
    bars(svg, "back", (x, bottom), second, &summary.returns_by_second);
    let limit = bottom - height_of(experiment.scenario.accepts_per_second as usize);
    line(svg, "limit", (x, limit), (x + PANEL_WIDTH, limit));
    for mark in MARKS_S {
        text(svg, x + mark as f64 * second, bottom + 14.0, "number middle", &mark.to_string());
    }
    text(svg, x, y - 23.0, "name", experiment.schedule.name);
    let each = summary.wasted() as f64 / experiment.clients as f64;
    let words = match summary.nearly_all_back_ms {
        Some(ms) => format!("99 % back after {}; {each:.1} wasted attempts each", seconds(ms)),
        None => format!("{} clients gave up; {each:.1} wasted attempts each", grouped(summary.gave_up)),
    };
    text(svg, x, y - 8.0, "faint", &words);
}

/// One bar per second, as a single path.
fn bars(svg: &mut String, class: &str, (x, bottom): (f64, f64), second: f64, counts: &[usize]) {
    let mut path = String::new();
    for (index, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let (left, height) = (x + index as f64 * second, height_of(*count));
        let _ = write!(path, "M{left:.1} {bottom:.1}v-{height:.1}h{:.1}v{height:.1}z", second - 0.5);
    }
    let _ = writeln!(svg, "<path class=\"{class}\" d=\"{path}\"/>");
}

fn height_of(per_second: usize) -> f64 {
    PANEL_HEIGHT * (per_second as f64 / MOST).sqrt()
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, words: &str) {
    let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{words}</text>");
}

fn line(svg: &mut String, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
    let _ = writeln!(svg, "<path class=\"{class}\" d=\"M{x1:.1} {y1:.1}L{x2:.1} {y2:.1}\"/>");
}

fn rectangle(svg: &mut String, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
    let _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
    );
}
