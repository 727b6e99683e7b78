//! A file with all its mutants in it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::sites::{Change, Id, Site};

/// The file `engine/src/mutant.rs` of the changed tree.
pub(crate) const CHOICE: &str = r#"//! Which mutant this process is.
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
const OPEN: u32 = u32::MAX;
static CHOSEN: AtomicU32 = AtomicU32::new(OPEN);
/// Whether it is that one.
#[inline]
pub fn on(id: u32) -> bool {
    let chosen = CHOSEN.load(Relaxed);
    (if chosen == OPEN { choose() } else { chosen }) == id
}
#[cold]
fn choose() -> u32 {
    let chosen = std::env::var("SEAWALL_MUTANT").ok().and_then(|id| id.parse().ok()).unwrap_or(0);
    CHOSEN.store(chosen, Relaxed);
    chosen
}
"#;

/// Marks the lines of a mutant's own code, so that the compiler's complaints can be told apart.
const FROM: &str = "//mutant ";

/// The file with every mutant that is not in `without`.
pub(crate) fn render(source: &str, sites: &[Site], without: &BTreeSet<Id>) -> String {
    let mut sites: Vec<Site> = sites.to_vec();
    for site in &mut sites {
        site.mutants.retain(|(id, _)| !without.contains(id));
    }
    sites.retain(|site| site.change == Change::Constant || !site.mutants.is_empty());
    // Outer ones first; of an empty range before what starts there.
    sites.sort_by_key(|site| (site.start, site.end > site.start, usize::MAX - site.end));
    let mut out = String::new();
    part(source, &sites, (0, source.len()), &mut out);
    out
}

/// Copies bytes of the file, with the sites in them.
fn part(source: &str, sites: &[Site], (start, end): (usize, usize), out: &mut String) {
    let mut at = start;
    let mut next = 0;
    while let Some(site) = sites.get(next) {
        out.push_str(&source[at..site.start]);
        next += 1;
        let inside = sites[next..].iter().take_while(|inner| inner.start < site.end).count();
        let inner = &sites[next..next + inside];
        next += inside;
        match site.change {
            Change::Body => body(&site.mutants, out),
            Change::Pattern => pattern(&site.mutants, out),
            Change::Constant => {}
            Change::Expression => {
                out.push('(');
                for (id, text) in &site.mutants {
                    let _ = write!(
                        out,
                        "if crate::mutant::on({id}) {{\n{FROM}{id}\n{text}\n{FROM}0\n}} else "
                    );
                }
                out.push('{');
                part(source, inner, (site.start, site.end), out);
                out.push_str("})");
            }
        }
        at = site.end;
    }
    out.push_str(&source[at..end]);
}

fn body(mutants: &[(Id, String)], out: &mut String) {
    for (id, text) in mutants {
        let _ = write!(
            out,
            "\nif crate::mutant::on({id}) {{\n{FROM}{id}\nreturn {text};\n{FROM}0\n}}\n"
        );
    }
}

fn pattern(mutants: &[(Id, String)], out: &mut String) {
    for (id, _) in mutants {
        let _ = write!(out, "\n{FROM}{id}\n if !crate::mutant::on({id})\n{FROM}0\n");
    }
}

/// The mutant to which a line (from 1) of a rendered file belongs.
pub(crate) fn owner(rendered: &str, line: usize) -> Option<Id> {
    let before = rendered.lines().take(line);
    let mark = before.filter_map(|line| line.strip_prefix(FROM)).last()?;
    mark.parse().ok().filter(|id| *id != 0)
}
