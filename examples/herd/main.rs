//! A crowd of clients loses its server at once: who is back when, and what it costs the server.
//!
//! `cargo run --release --example herd` simulates crowds of up to 100 000 clients in virtual time, each of them the
//! real client of this crate with its real frames, beside the published schedules of two other clients. It writes the
//! tables in `docs/herd.md` and the plot `docs/herd.svg`; the same code makes the same bytes. With `--check` it writes
//! nothing and fails if the files are not what it would write.

mod clients;
mod experiments;
mod measure;
mod plot;
mod report;
#[cfg(test)]
mod tests;
mod world;

use std::{env, fs, path::Path, process::ExitCode};

use experiments::{Experiment, SEED};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let check = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => false,
        ["--check"] => true,
        _ => {
            eprintln!("usage: cargo run --release --example herd [-- --check]");
            return ExitCode::FAILURE;
        }
    };
    match make(check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn make(check: bool) -> Result<(), String> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let (document_path, plot_path) = (docs.join("herd.md"), docs.join("herd.svg"));
    let mut document = read(&document_path)?;

    let tables = report::tables();
    let experiments: Vec<Experiment> = tables.iter().flat_map(|table| table.experiments.clone()).collect();
    let summaries = experiments::run(&experiments, &|experiment| {
        eprintln!("{} clients, {}", report::grouped(experiment.clients), experiment.schedule.name);
    });

    let mut columns = Vec::new();
    let mut measured = experiments.iter().zip(&summaries);
    for table in &tables {
        let rows: Vec<_> = measured.by_ref().take(table.experiments.len()).collect();
        let content = table.render(&rows);
        println!("{}\n{content}", table.name);
        document = report::insert(&document, table.name, &content)?;
        if let Some(title) = table.plotted_as {
            let panels = rows.into_iter().filter(|(experiment, _)| experiment.clients == report::USUAL_CLIENTS);
            columns.push(plot::Column { title, panels: panels.collect() });
        }
    }
    let spread = report::spread_table(SEED);
    println!("spread\n{spread}");
    document = report::insert(&document, "spread", &spread)?;

    let plot = plot::render(&columns);
    for (path, content) in [(document_path, document), (plot_path, plot)] {
        if !check {
            fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))?;
        } else if read(&path)? != content {
            return Err(format!("{} is not what this command makes: run it without --check", path.display()));
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
