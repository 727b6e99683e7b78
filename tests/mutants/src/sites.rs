//! Where a file can be changed so that a mutant is chosen at run time.

use std::collections::HashMap;

use proc_macro2::LineColumn;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    BinOp, Block, Expr, ExprBinary, ExprLet, ExprStruct, ExprUnary, ImplItemFn, ItemFn, ReturnType,
    Signature, TraitItemFn, Type,
};

use crate::list::{Genre, Mutant, Place};

/// A mutant's number; the environment chooses one.
pub(crate) type Id = u32;

/// How the code at a site is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// An expression: each mutant has another text for it.
    Expression,
    /// A field of a struct expression that is written by its name alone.
    Shorthand,
    /// The start of a function's body: a mutant returns at once.
    Body,
    /// The end of a match arm's pattern: a mutant has a guard there that is never true.
    Pattern,
    /// All that a function with a hidden type does: each mutant does something else.
    Hidden,
}

/// A site: bytes of the file, and what each mutant has there.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) change: Change,
    pub(crate) mutants: Vec<(Id, String)>,
}

/// What there is in a file.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) sites: Vec<Site>,
    /// Mutants that are no Rust, such as `||` for an `&&` beside a `let`.
    pub(crate) refused: Vec<Id>,
}

/// Finds the site of each mutant. What is left without one stands in a constant, and cannot be
/// chosen at run time.
pub(crate) fn find(source: &str, mutants: &[(Id, Mutant)]) -> Result<Found, syn::Error> {
    let file = syn::parse_file(source)?;
    let mut wanted: HashMap<(Genre, Place), Vec<(Id, &Mutant)>> = HashMap::new();
    for (id, mutant) in mutants {
        wanted.entry((mutant.genre, mutant.span.start)).or_default().push((*id, mutant));
    }
    let offsets = line_offsets(source);
    let mut finder = Finder { source, offsets, wanted, sites: Vec::new(), refused: Vec::new() };
    finder.visit_file(&file);
    Ok(Found { sites: finder.sites, refused: finder.refused })
}

fn line_offsets(source: &str) -> Vec<usize> {
    let ends = source.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
}

struct Finder<'a> {
    source: &'a str,
    offsets: Vec<usize>,
    wanted: HashMap<(Genre, Place), Vec<(Id, &'a Mutant)>>,
    sites: Vec<Site>,
    refused: Vec<Id>,
}

impl<'a> Finder<'a> {
    /// Byte at a place of the parser, which counts characters of a line from 0.
    fn byte(&self, at: LineColumn) -> usize {
        let line = &self.source[self.offsets[at.line - 1]..];
        let column = line.char_indices().nth(at.column).map_or(line.len(), |(byte, _)| byte);
        self.offsets[at.line - 1] + column
    }

    fn range(&self, node: &impl Spanned) -> (usize, usize) {
        (self.byte(node.span().start()), self.byte(node.span().end()))
    }

    fn text(&self, node: &impl Spanned) -> &'a str {
        let (start, end) = self.range(node);
        &self.source[start..end]
    }

    fn wanted(&mut self, genre: Genre, at: LineColumn) -> Vec<(Id, &'a Mutant)> {
        let place = Place { line: at.line, column: at.column + 1 };
        self.wanted.remove(&(genre, place)).unwrap_or_default()
    }

    fn body(&mut self, signature: &'a Signature, block: &'a Block) {
        // A hidden type is that of one expression: it cannot also be another.
        let is_hidden = match &signature.output {
            ReturnType::Type(_, of) => matches!(**of, Type::ImplTrait(_)),
            ReturnType::Default => false,
        };
        let Some(first) = block.stmts.first() else { return };
        let mutants = self.wanted(Genre::FnValue, first.span().start());
        // What is leaked is `&mut`, which where a type is hidden does not become `&`.
        let (refused, mutants): (Vec<_>, Vec<_>) = mutants
            .into_iter()
            .map(|(id, mutant)| (id, mutant.replacement.clone()))
            .partition(|(_, text)| is_hidden && text.contains("Box::leak"));
        self.refused.extend(refused.iter().map(|(id, _)| *id));
        if mutants.is_empty() {
            return;
        }
        let start = self.byte(block.brace_token.span.open().end());
        let (end, change) = if is_hidden {
            (self.byte(block.brace_token.span.close().start()), Change::Hidden)
        } else {
            (start, Change::Body)
        };
        self.sites.push(Site { start, end, change, mutants });
    }

    fn expression(&mut self, node: &impl Spanned, mutants: Vec<(Id, String)>) {
        self.push(node, Change::Expression, mutants);
    }

    fn push(&mut self, node: &impl Spanned, change: Change, mutants: Vec<(Id, String)>) {
        if !mutants.is_empty() {
            let (start, end) = self.range(node);
            self.sites.push(Site { start, end, change, mutants });
        }
    }
}

/// Whether a `let` stands directly among the conditions.
fn has_let(expr: &Expr) -> bool {
    struct Look(bool);
    impl Visit<'_> for Look {
        fn visit_expr_let(&mut self, _: &ExprLet) {
            self.0 = true;
        }
        fn visit_block(&mut self, _: &Block) {}
        fn visit_expr_closure(&mut self, _: &syn::ExprClosure) {}
    }
    let mut look = Look(false);
    look.visit_expr(expr);
    look.0
}

impl<'a> Visit<'a> for Finder<'a> {
    fn visit_item_fn(&mut self, item: &'a ItemFn) {
        self.body(&item.sig, &item.block);
        visit::visit_block(self, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'a ImplItemFn) {
        self.body(&item.sig, &item.block);
        visit::visit_block(self, &item.block);
    }

    fn visit_trait_item_fn(&mut self, item: &'a TraitItemFn) {
        if let Some(block) = &item.default {
            self.body(&item.sig, block);
            visit::visit_block(self, block);
        }
    }

    fn visit_expr_const(&mut self, _: &'a syn::ExprConst) {}
    fn visit_item_const(&mut self, _: &'a syn::ItemConst) {}
    fn visit_impl_item_const(&mut self, _: &'a syn::ImplItemConst) {}
    fn visit_item_static(&mut self, _: &'a syn::ItemStatic) {}
    fn visit_type(&mut self, _: &'a Type) {}
    fn visit_pat(&mut self, _: &'a syn::Pat) {}

    fn visit_expr_repeat(&mut self, expr: &'a syn::ExprRepeat) {
        self.visit_expr(&expr.expr);
    }

    fn visit_expr_binary(&mut self, expr: &'a ExprBinary) {
        let mutants = self.wanted(Genre::BinaryOperator, expr.op.span().start());
        if matches!(expr.op, BinOp::And(_)) && (has_let(&expr.left) || has_let(&expr.right)) {
            self.refused.extend(mutants.iter().map(|(id, _)| *id));
        } else {
            let (left, right) = (self.text(&expr.left), self.text(&expr.right));
            let texts = mutants
                .into_iter()
                .map(|(id, mutant)| (id, format!("{left} {} {right}", mutant.replacement)));
            self.expression(expr, texts.collect());
        }
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_unary(&mut self, expr: &'a ExprUnary) {
        let inner = self.text(&expr.expr);
        let mutants = self
            .wanted(Genre::UnaryOperator, expr.op.span().start())
            .into_iter()
            .map(|(id, _)| (id, inner.to_owned()))
            .collect();
        self.expression(expr, mutants);
        visit::visit_expr_unary(self, expr);
    }

    fn visit_expr_struct(&mut self, expr: &'a ExprStruct) {
        if let Some(rest) = &expr.rest {
            let rest = self.text(rest);
            for field in &expr.fields {
                let member = self.text(&field.member);
                let mutants: Vec<_> = self
                    .wanted(Genre::StructField, field.span().start())
                    .into_iter()
                    .map(|(id, _)| (id, format!("({rest}).{member}")))
                    .collect();
                let change = match field.colon_token {
                    Some(_) => Change::Expression,
                    None => Change::Shorthand,
                };
                self.push(&field.expr, change, mutants);
            }
        }
        visit::visit_expr_struct(self, expr);
    }

    fn visit_arm(&mut self, arm: &'a syn::Arm) {
        let deleted = self.wanted(Genre::MatchArm, arm.span().start());
        let deleted: Vec<_> = deleted.into_iter().map(|(id, _)| (id, String::new())).collect();
        if let Some((_, guard)) = &arm.guard {
            if !has_let(guard) {
                let mut mutants: Vec<_> = self
                    .wanted(Genre::MatchArmGuard, guard.span().start())
                    .into_iter()
                    .map(|(id, mutant)| (id, mutant.replacement.clone()))
                    .collect();
                mutants.extend(deleted.into_iter().map(|(id, _)| (id, "false".to_owned())));
                self.expression(guard.as_ref(), mutants);
            }
        } else if !deleted.is_empty() {
            let at = self.byte(arm.pat.span().end());
            self.sites.push(Site { start: at, end: at, change: Change::Pattern, mutants: deleted });
        }
        visit::visit_arm(self, arm);
    }
}
