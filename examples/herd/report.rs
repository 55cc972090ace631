//! The tables of `docs/herd.md`. The prose around them is written by hand and kept.

use crate::{
    experiments::{
        CRASH, Experiment, LONG_OUTAGE, LONG_QUEUE, RESTART, exponential, linear, patiences, schedules, variants,
        without_jitter,
    },
    measure::{Summary, fullest_share},
    world::Scenario,
};

/// A space at which no line is broken.
const NO_BREAK: &str = "\u{a0}";

/// How many clients the tables with one size are about.
pub const USUAL_CLIENTS: usize = 10_000;

/// How many clients are cut together to see whether any attempt of theirs is made by many at once.
pub const SPREAD_CLIENTS: usize = 1_000;

/// A column: its heading, and what stands in it.
type Column = (&'static str, fn(&Experiment, &Summary) -> String);

/// A table, found again in the document by its name.
pub struct Table {
    pub name: &'static str,
    columns: &'static [Column],
    /// The title of its column in the plot, if it is plotted.
    pub plotted_as: Option<&'static str>,
    pub experiments: Vec<Experiment>,
}

const CLIENTS: Column = ("Clients", |experiment, _| grouped(experiment.clients));
const SCHEDULE: Column = ("Schedule", |experiment, _| experiment.schedule.name.into());
const OPTIONS: Column = ("Options", |experiment, _| experiment.schedule.name.into());
const BUSIEST_SECOND: Column = ("Busiest 1 s", |_, summary| grouped(summary.busiest_second));
const BUSIEST_100_MS: Column = ("Busiest 100 ms", |_, summary| grouped(summary.busiest_100_ms));
const BUSIEST_SECOND_UP: Column = ("Busiest 1 s, server up", |_, summary| grouped(summary.busiest_second_up));
const HALF: Column = ("50 % back", |experiment, summary| time(experiment, summary, summary.half_back_ms));
const NEARLY_ALL: Column = ("99 % back", |experiment, summary| time(experiment, summary, summary.nearly_all_back_ms));
const ALL: Column = ("100 % back", |experiment, summary| time(experiment, summary, summary.all_back_ms));
const WASTED: Column = ("Wasted attempts", |_, summary| grouped(summary.wasted()));
const WASTED_EACH: Column =
    ("Wasted per client", |experiment, summary| format!("{:.1}", summary.wasted() as f64 / experiment.clients as f64));
const ABANDONED: Column = ("of them left while queueing", |_, summary| grouped(summary.abandoned));
const BACK: Column = ("Clients back", |_, summary| grouped(summary.back));
const GAVE_UP: Column = ("Gave up", |_, summary| grouped(summary.gave_up));

const COMPARISON: &[Column] = &[
    CLIENTS,
    SCHEDULE,
    BUSIEST_SECOND,
    BUSIEST_100_MS,
    BUSIEST_SECOND_UP,
    HALF,
    NEARLY_ALL,
    ALL,
    WASTED,
    WASTED_EACH,
    GAVE_UP,
];
const CHOICE: &[Column] = &[OPTIONS, BUSIEST_SECOND_UP, HALF, NEARLY_ALL, ALL, WASTED_EACH];
const QUEUE: &[Column] = &[OPTIONS, HALF, NEARLY_ALL, ALL, WASTED, ABANDONED, BACK, GAVE_UP];

/// All tables that experiments fill.
pub fn tables() -> Vec<Table> {
    let usual = |scenario, schedules: Vec<_>| {
        let experiment = |schedule| Experiment { scenario, clients: USUAL_CLIENTS, schedule };
        schedules.into_iter().map(experiment).collect::<Vec<_>>()
    };
    let table = |name, columns, plotted_as, experiments| Table { name, columns, plotted_as, experiments };
    let crash = "A crash: the server is back after 10 s";
    let restart = "An announced restart: the server is back after 3 s";
    vec![
        table("crash", COMPARISON, Some(crash), of_all_sizes(CRASH)),
        table("restart", COMPARISON, Some(restart), of_all_sizes(RESTART)),
        table("options-after-10-seconds", CHOICE, None, usual(CRASH, variants())),
        table("options-after-5-minutes", CHOICE, None, usual(LONG_OUTAGE, variants())),
        table("long-queue", QUEUE, None, usual(LONG_QUEUE, patiences())),
    ]
}

fn of_all_sizes(scenario: Scenario) -> Vec<Experiment> {
    let sizes = [1_000, 10_000, 100_000];
    let of_size = |clients| schedules().into_iter().map(move |schedule| Experiment { scenario, clients, schedule });
    sizes.into_iter().flat_map(of_size).collect()
}

impl Table {
    /// The table in Markdown, with what was measured in each of its experiments.
    pub fn render(&self, rows: &[(&Experiment, &Summary)]) -> String {
        let cells = rows.iter().map(|(experiment, summary)| {
            self.columns.iter().map(|(_, cell)| cell(experiment, summary)).collect::<Vec<_>>()
        });
        let headings = self.columns.iter().map(|(heading, _)| String::from(*heading)).collect();
        markdown(headings, cells)
    }
}

/// The table of how well attempts are spread, which is about single attempts and not about coming back.
pub fn spread_table(seed: u64) -> String {
    let rows = [(linear(), 9), (exponential(), 5), (without_jitter(), 9)].map(|(schedule, first_at_cap)| {
        let crashed = schedule.simulate(LONG_OUTAGE, SPREAD_CLIENTS, seed);
        let restarted = schedule.simulate(RESTART, SPREAD_CLIENTS, seed);
        let shares = [
            fullest_share(&crashed, |nth| nth == 1),
            fullest_share(&restarted, |nth| nth == 1),
            fullest_share(&crashed, |nth| nth == 2),
            fullest_share(&crashed, |nth| nth >= first_at_cap),
        ];
        let percent = shares.map(|share| format!("{:.1}{NO_BREAK}%", 100.0 * share));
        [vec![String::from(schedule.name)], percent.to_vec()].concat()
    });
    let headings =
        ["Schedule", "First, after a crash", "First, after an announced restart", "Second", "Any at the cap"];
    markdown(headings.map(String::from).to_vec(), rows)
}

fn markdown(headings: Vec<String>, rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let is_text = |heading: &String| ["Schedule", "Options"].contains(&heading.as_str());
    let rule = headings.iter().map(|heading| String::from(if is_text(heading) { "---" } else { "---:" })).collect();
    let lines = [headings, rule].into_iter().chain(rows).map(|cells| format!("| {} |\n", cells.join(" | ")));
    lines.collect()
}

fn time(experiment: &Experiment, summary: &Summary, reached_ms: Option<u64>) -> String {
    match reached_ms {
        Some(ms) => seconds(ms),
        None if summary.gave_up > 0 => String::from("never"),
        None => format!("not in {} min", experiment.scenario.patience_s / 60),
    }
}

/// Seconds with one decimal.
pub fn seconds(ms: u64) -> String {
    format!("{:.1}{NO_BREAK}s", ms as f64 / 1_000.0)
}

/// A number with its thousands apart.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(NO_BREAK)
}

/// Puts `content` between the two markers of `name` in a Markdown document.
///
/// # Errors
/// The document lacks one of the markers.
pub fn insert(document: &str, name: &str, content: &str) -> Result<String, String> {
    let (begin, end) = (format!("<!-- herd:{name} -->\n"), format!("<!-- /herd:{name} -->"));
    let missing = || format!("docs/herd.md lacks {} or {end}", begin.trim_end());
    let (before, rest) = document.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    Ok([before, &begin, content, &end, after].concat())
}
