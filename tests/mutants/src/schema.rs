//! A file with all its mutants in it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::sites::{Change, Id, Site};

/// Stands at the top of the changed library. A choice at run time is none of a constant's: only the
/// compiler can tell whether a constant function is called to make one, and only by this.
pub(crate) const FEATURES: &str =
    "#![feature(core_intrinsics, const_eval_select)]\n#![allow(internal_features)]\n";

/// The file `engine/src/mutant.rs` of the changed tree.
pub(crate) const CHOICE: &str = r#"//! Which mutant this process is.
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
const OPEN: u32 = u32::MAX;
const LISTS: u32 = u32::MAX - 1;
static CHOSEN: AtomicU32 = AtomicU32::new(OPEN);
static MET: [AtomicBool; 1 << 16] = [const { AtomicBool::new(false) }; 1 << 16];
/// Whether it is that one.
#[inline]
pub const fn on(id: u32) -> bool {
    core::intrinsics::const_eval_select((id,), never, is_chosen)
}
const fn never(_: u32) -> bool {
    false
}
#[inline]
fn is_chosen(id: u32) -> bool {
    let chosen = CHOSEN.load(Relaxed);
    if chosen >= LISTS { look(id) } else { chosen == id }
}
#[cold]
fn look(id: u32) -> bool {
    let said = || std::env::var("SEAWALL_MUTANT").unwrap_or_default();
    if CHOSEN.load(Relaxed) == OPEN {
        let said = said();
        let chosen = if said.starts_with("meets ") { LISTS } else { said.parse().unwrap_or(0) };
        CHOSEN.store(chosen, Relaxed);
        if chosen != LISTS {
            return chosen == id;
        }
    }
    if !MET[id as usize].load(Relaxed) && !MET[id as usize].swap(true, Relaxed) {
        let said = said();
        let list = said.strip_prefix("meets ").expect("a list");
        let file = std::fs::OpenOptions::new().create(true).append(true).open(list);
        writeln!(file.expect("a list"), "{id}").expect("a list");
    }
    false
}
/// One of two iterators: a hidden type is that of one expression.
pub enum Either<A, B> {
    A(A),
    B(B),
}
impl<A: Iterator, B: Iterator<Item = A::Item>> Iterator for Either<A, B> {
    type Item = A::Item;
    fn next(&mut self) -> Option<A::Item> {
        match self {
            Self::A(a) => a.next(),
            Self::B(b) => b.next(),
        }
    }
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
    sites.retain(|site| !site.mutants.is_empty());
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
            Change::Expression | Change::Shorthand => {
                if site.change == Change::Shorthand {
                    let _ = write!(out, "{}: ", &source[site.start..site.end]);
                }
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
            Change::Hidden => {
                for (id, text) in &site.mutants {
                    let _ = write!(
                        out,
                        "if crate::mutant::on({id}) {{\ncrate::mutant::Either::A(\n{FROM}{id}\n\
                         {text}\n{FROM}0\n) }} else {{ crate::mutant::Either::B("
                    );
                }
                out.push('{');
                part(source, inner, (site.start, site.end), out);
                out.push('}');
                out.push_str(&") }".repeat(site.mutants.len()));
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
