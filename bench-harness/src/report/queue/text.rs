//! The study in words, shared by the terminal and the page.

use std::fmt::Write as _;
use std::path::Path;

use super::super::numbers;
use super::super::terminal::{Style, drawn};
use super::tables::{BY_PLACE, PAIRS, columns, delays, estimators, loads, path, tables};
use crate::study::queue::answers::{Answers, Worth};
use crate::study::queue::why::Why;

/// What the front was worth at the best price of a phase and side.
fn worth_of<'a>(answers: &'a Answers, phase: &str, flow: &str) -> Option<&'a Worth> {
    answers.worth.iter().find(|worth| (worth.phase, worth.flow, worth.level) == (phase, flow, 0))
}

/// What the study says in one sentence.
pub(super) fn headline(answers: &Answers) -> String {
    let say = |phase: &str, flow: &str| {
        let worth = worth_of(answers, phase, flow)?.value?;
        Some(format!("{:+.2} ± {:.2}", worth.value, worth.half_width))
    };
    let phase = |phase: &str| {
        let (hit, other) = (say(phase, "absorbing")?, say(phase, "other")?);
        Some(format!("in the {phase} {hit} ticks where forced orders hit and {other} opposite"))
    };
    let parts: Vec<String> = ["calm", "peak"].into_iter().filter_map(phase).collect();
    if parts.is_empty() {
        return not_compared(answers);
    }
    format!("What the front of the best queue is worth, less the back: {}.", parts.join("; "))
}

/// Why nothing is said of front and back.
fn not_compared(answers: &Answers) -> String {
    let has = |rank| answers.ranks_percent.contains(&rank);
    if !(has(0) && has(100)) {
        return "Front and back were not compared: the ranks hold no 0 or no 100.".to_owned();
    }
    if !answers.levels.contains(&0) {
        return "Front and back of the best queue were not compared: the levels hold no 0."
            .to_owned();
    }
    "No best queue was seen, in two runs or more, that is long enough to have a front and a back."
        .to_owned()
}

/// How it was found.
pub(super) fn sentence(answers: &Answers) -> String {
    let mut text = format!(
        "{} probes of no size in {} cascades; a wait is cut after {}, and a price that moved {} \
         ticks away has left. Intervals are 95 %, over seeds.",
        numbers::count(answers.probes),
        answers.seeds,
        numbers::duration_ns(answers.horizon_ns),
        answers.away_ticks
    );
    let still = answers.runs.iter().filter(|run| run.forced_qty == 0).count();
    if still > 0 {
        let _ = write!(
            text,
            " In {still} of {} runs nothing was forced: there \u{201c}absorbing\u{201d} means \
             the bids and \u{201c}other\u{201d} the offers.",
            answers.seeds
        );
    }
    for level in &answers.levels {
        let of_level = answers.by_rank.iter().filter(|group| group.level == Some(*level));
        let (seen, missed) =
            of_level.fold((0, 0), |sum, group| (sum.0 + group.n, sum.1 + group.not_observed));
        if missed > 0 {
            let (missed, all) = (numbers::count(missed), numbers::count(seen + missed));
            let _ = write!(
                text,
                " Not observed: {missed} of {all} probes of level {level}, which held no order."
            );
        }
    }
    text
}

/// The study for a terminal.
pub fn study(answers: &Answers, page: &Path, style: Style) -> String {
    let mut text = format!("{}\n{}\n", headline(answers), sentence(answers));
    let mut all = tables(answers);
    for (title, _, table) in &mut all {
        match *title {
            BY_PLACE => *table = columns(table, &[0, 1, 2, 3, 4, 5, 11, 14]),
            PAIRS => *table = columns(table, &[0, 1, 2, 3, 5, 6, 7, 9, 10]),
            _ => {}
        }
    }
    let later = "Decide, then join the back of the best queue later.".to_owned();
    all.push(("Latency", later, delays(answers)));
    all.push(("Load", "The same cascades with a slower engine.".to_owned(), loads(answers)));
    all.push(("Estimators against the truth", String::new(), estimators(answers)));
    for (title, remark, table) in all {
        let _ = write!(text, "\n{title}\n");
        if !remark.is_empty() {
            let _ = writeln!(text, "{remark}");
        }
        let _ = writeln!(text, "{}", drawn(&table, style));
    }
    let _ = writeln!(text, "\nReport: {}", page.display());
    text
}

/// An order's path for a terminal.
pub fn why(why: &Why, style: Style) -> String {
    let end = match (why.end_ns, why.cancel_cause) {
        (Some(at), Some(cause)) => format!("{} at {:.6} s: {cause}", why.end, at as f64 / 1e9),
        (Some(at), None) => format!("{} at {:.6} s", why.end, at as f64 / 1e9),
        _ => "still resting when the run ended; its end is not observed".to_owned(),
    };
    let moved: Vec<String> =
        why.moved_by.iter().map(|(cause, lots)| format!("{cause} {lots} lots")).collect();
    let moved =
        if moved.is_empty() { "nothing moved it forward".to_owned() } else { moved.join(", ") };
    format!(
        "order {}: {end}\nmoved forward by: {moved}\n\n{}\n",
        why.order,
        drawn(&path(why), style)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::queue::answers::RunLine;

    fn asked(levels: &[u32], ranks_percent: &[u32]) -> Answers {
        let run = |forced_qty| RunLine {
            seed: 1,
            events_hash: String::new(),
            forced_qty,
            peak_ns: None,
            drawdown_bp: 0.0,
        };
        Answers {
            levels: levels.to_vec(),
            ranks_percent: ranks_percent.to_vec(),
            seeds: 2,
            runs: vec![run(0), run(7)],
            ..Answers::default()
        }
    }

    #[test]
    fn what_was_not_asked_is_not_called_missing() {
        let says = |levels: &[u32], ranks: &[u32]| headline(&asked(levels, ranks));
        assert!(says(&[0], &[10, 50]).contains("ranks hold no 0"));
        assert!(says(&[0], &[0, 50]).contains("no 100"));
        assert!(says(&[900], &[0, 100]).contains("levels hold no 0"));
        assert!(says(&[0], &[0, 100]).starts_with("No best queue was seen"));
    }

    #[test]
    fn a_run_without_forced_orders_has_no_hit_side_and_says_so() {
        let text = sentence(&asked(&[0], &[0, 100]));
        assert!(text.contains("In 1 of 2 runs nothing was forced"), "{text}");
        let mut all = asked(&[0], &[0, 100]);
        all.runs.remove(0);
        assert!(!sentence(&all).contains("nothing was forced"));
    }
}
