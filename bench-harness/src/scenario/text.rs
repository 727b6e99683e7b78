//! From the text of scenario files and `--set` arguments to one table that has every key, and
//! for each key the place it came from.
//!
//! The embedded default has every key with a value of its type, so it is the schema: what it does
//! not have is unknown, and what differs in type is wrong. Tables that a scenario may leave out have
//! a schema of their own, which fills them up where one names them; a further market is filled up
//! with what the first one has.

use std::collections::BTreeMap;

use toml::de::DeTable;
use toml::{Spanned, Table, Value};

use super::error::{Fault, Hint, Place, ScenarioError};
use super::further;

/// The tables of further markets and of funds, and what stands for any of their names in the schema.
const MARKETS: &str = "markets";
const FUNDS: &str = "funds";
const ANY: &str = "*";

/// A table under construction, and where each of its keys came from.
#[derive(Debug)]
pub(super) struct Assembly {
    schema: Table,
    /// What may be left out of the schema, by its first key.
    optional: Table,
    table: Table,
    places: BTreeMap<String, Place>,
    name: String,
}

/// Units a key may end in.
const UNITS: [&str; 11] =
    ["_ns", "_us", "_ms", "_s", "_bp", "_ppm", "_ppb", "_percent", "_lots", "_ticks", "_currency"];

impl Assembly {
    /// Nothing yet; `schema` is the text of the default scenario, `optional` that of the tables that
    /// may be left out, `name` names the scenario.
    pub(super) fn new(schema: &str, optional: &str, name: &str) -> Self {
        let mut schema: Table = schema.parse().expect("the embedded default scenario is TOML");
        let mut optional: Table = optional.parse().expect("the embedded optional tables are TOML");
        if let Some(Value::Table(markets)) = optional.get_mut(MARKETS)
            && let Some(Value::Table(any)) = markets.get_mut(ANY)
        {
            let own =
                further::TABLES.iter().map(|name| ((*name).to_owned(), schema[*name].clone()));
            any.extend(own);
        }
        schema.extend(optional.clone());
        let (table, places) = (Table::new(), BTreeMap::new());
        Self { schema, optional, table, places, name: name.to_owned() }
    }

    /// The key `base` of a file, if it has one.
    pub(super) fn base_of(
        text: &str,
        name: &str,
    ) -> Result<Option<(String, Place)>, ScenarioError> {
        let parsed = parse(text, name)?;
        let Some((key, value)) = parsed.get_ref().iter().find(|(k, _)| k.get_ref() == "base")
        else {
            return Ok(None);
        };
        let place = place_in(text, name, &key.span());
        match value.get_ref().as_str() {
            Some(base) => Ok(Some((base.to_owned(), place))),
            None => Err(Fault::WrongType {
                place,
                key: "base".to_owned(),
                found: value.get_ref().type_str().to_owned(),
                expected: "the name of an embedded scenario".to_owned(),
            }
            .into()),
        }
    }

    /// Lays a file over what is there.
    pub(super) fn overlay(&mut self, text: &str, name: &str) -> Result<(), ScenarioError> {
        let spans = parse(text, name)?;
        let plain: Table = text.parse().map_err(|error| not_toml(text, name, &error))?;
        let mut source = Source { text, name, places: &mut self.places };
        source.walk(&plain, spans.get_ref(), &self.schema, "")?;
        for (key, value) in plain.into_iter().filter(|(key, _)| key != "base") {
            merge(&mut self.table, key, value);
        }
        Ok(())
    }

    /// Applies one `KEY=VALUE`. A value that is not TOML is a string.
    pub(super) fn set(&mut self, argument: &str) -> Result<(), ScenarioError> {
        let not_an_assignment =
            || ScenarioError::from(Fault::NotAnAssignment { argument: argument.to_owned() });
        let (path, text) = argument.split_once('=').ok_or_else(not_an_assignment)?;
        let (path, text) = (path.trim(), text.trim());
        if path.is_empty() || text.is_empty() {
            return Err(not_an_assignment());
        }
        let place = Place::Set { argument: argument.to_owned() };
        if path.split('.').any(str::is_empty) {
            let parts: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
            let hint = Hint(Some(parts.join(".")).filter(|near| !near.is_empty()));
            return Err(Fault::UnknownKey { place, key: path.to_owned(), hint }.into());
        }
        let value = format!("v = {text}")
            .parse::<Table>()
            .ok()
            .and_then(|mut table| table.remove("v"))
            .unwrap_or_else(|| Value::String(text.to_owned()));
        let mut schema = &self.schema;
        let mut table = &mut self.table;
        let (parents, leaf) = path.rsplit_once('.').unwrap_or(("", path));
        let mut so_far = String::new();
        for parent in parents.split('.').filter(|part| !part.is_empty()) {
            if so_far == MARKETS && !table.contains_key(parent) {
                let near = nearest(parent, table.keys().map(String::as_str));
                let hint = Hint(near.map(|name| path.replacen(parent, &name, 1)));
                return Err(Fault::UnknownKey { place, key: path.to_owned(), hint }.into());
            }
            so_far = join(&so_far, parent);
            let Some(Value::Table(inner)) = child(schema, parent) else {
                return Err(unknown_key(place, path, &self.schema));
            };
            schema = inner;
            let slot = table.entry(parent).or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(inner) = slot else {
                return Err(unknown_key(place, path, &self.schema));
            };
            table = inner;
        }
        let Some(expected) = child(schema, leaf) else {
            return Err(unknown_key(place, path, &self.schema));
        };
        if value.is_str() && !expected.is_str() {
            check_number(text, path, &place)?;
        }
        check_type(&place, path, &value, expected)?;
        if value.is_array() || value.is_table() {
            let found = article(&value).to_owned();
            let expected = "a single value: lists and tables are given in a file".to_owned();
            return Err(Fault::WrongType { place, key: path.to_owned(), found, expected }.into());
        }
        table.insert(leaf.to_owned(), value);
        self.places.insert(path.to_owned(), place);
        Ok(())
    }

    /// The finished table and the places of its keys. Fails at the first key that is missing.
    pub(super) fn finish(self) -> Result<(Table, Places), ScenarioError> {
        let Self { mut schema, optional, mut table, places, name } = self;
        let places = Places { places, name };
        schema.retain(|key, _| !optional.contains_key(key));
        if let Some(key) = first_missing(&schema, &table, "") {
            return Err(Fault::MissingKey { place: places.whole(), key }.into());
        }
        let mut own = table.get(FUNDS).and_then(Value::as_table).into_iter().flatten();
        let lacks = own.find_map(|(name, fund)| {
            let path = join(FUNDS, name);
            let any = optional[FUNDS][ANY].as_table()?;
            Some((first_missing(any, fund.as_table()?, &path)?, path))
        });
        if let Some((key, path)) = lacks {
            return Err(Fault::MissingKey { place: places.of(&path), key }.into());
        }
        fill_optional(&mut table, &optional);
        Ok((table, places))
    }
}

/// Fills up what a scenario says of the tables that it might have left out.
fn fill_optional(table: &mut Table, optional: &Table) {
    let first: Table =
        further::TABLES.iter().map(|name| ((*name).to_owned(), table[*name].clone())).collect();
    for (name, defaults) in optional {
        let (Some(Value::Table(own)), Value::Table(defaults)) = (table.get_mut(name), defaults)
        else {
            continue;
        };
        match defaults.get(ANY) {
            None => fill(own, defaults),
            // A fund has what it says.
            Some(_) if name == FUNDS => {}
            Some(any) => {
                for market in own.iter_mut().filter_map(|(_, market)| market.as_table_mut()) {
                    fill(market, &first);
                    fill(market, &without_examples(any));
                }
            }
        }
    }
}

/// The defaults of a further market.
fn without_examples(any: &Value) -> Table {
    let keys = any.as_table().into_iter().flatten();
    let defaults = keys.filter(|(key, _)| !further::EXAMPLES.contains(&key.as_str()));
    defaults.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Takes over what is not there.
fn fill(own: &mut Table, from: &Table) {
    for (key, value) in from {
        match (own.get_mut(key), value) {
            (None, value) => {
                own.insert(key.clone(), value.clone());
            }
            (Some(Value::Table(own)), Value::Table(from)) => fill(own, from),
            _ => {}
        }
    }
}

/// What the schema has for a key; where it has one thing for any key, that.
fn child<'s>(schema: &'s Table, key: &str) -> Option<&'s Value> {
    schema.get(key).or_else(|| schema.get(ANY))
}

/// A number that TOML does not take is none: it would pass for a string.
fn check_number(text: &str, key: &str, place: &Place) -> Result<(), ScenarioError> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(Fault::OutOfRange {
        place: place.clone(),
        key: key.to_owned(),
        found: text.to_owned(),
        expected: "a number below 2^63, without leading zeros".to_owned(),
        hint: Hint::default(),
    }
    .into())
}

/// Where each key came from.
#[derive(Debug)]
pub(super) struct Places {
    places: BTreeMap<String, Place>,
    name: String,
}

impl Places {
    /// Where a key came from.
    pub(super) fn of(&self, key: &str) -> Place {
        self.places.get(key).cloned().unwrap_or_else(|| self.whole())
    }

    /// Where a table came from: an argument that changed it, if one did.
    pub(super) fn of_table(&self, table: &str) -> Place {
        let inside = |key: &str| key.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'));
        let set = |place: &&Place| matches!(place, Place::Set { .. });
        let mut places = self.places.iter().filter(|(key, _)| inside(key)).map(|(_, p)| p);
        places.find(set).cloned().unwrap_or_else(|| self.of(table))
    }

    /// The scenario as a whole.
    pub(super) fn whole(&self) -> Place {
        Place::Whole { name: self.name.clone() }
    }
}

/// One text being read against the schema.
struct Source<'a> {
    text: &'a str,
    name: &'a str,
    places: &'a mut BTreeMap<String, Place>,
}

impl Source<'_> {
    fn walk(
        &mut self,
        plain: &Table,
        spans: &DeTable<'_>,
        schema: &Table,
        path: &str,
    ) -> Result<(), ScenarioError> {
        // By place in the text, so that the first fault reported is the first one written.
        let mut keys: Vec<_> = spans.iter().collect();
        keys.sort_by_key(|(key, _)| key.span().start);
        for (key, spanned) in keys {
            let name = key.get_ref().as_ref();
            if path.is_empty() && name == "base" {
                continue;
            }
            let full = join(path, name);
            let place = place_in(self.text, self.name, &key.span());
            let Some(expected) = child(schema, name) else {
                return Err(unknown_in(place, &full, name, schema, path).into());
            };
            let value = &plain[name];
            check_type(&place, &full, value, expected)?;
            self.places.insert(full.clone(), place);
            self.descend(value, spanned, expected, &full)?;
        }
        Ok(())
    }

    fn descend(
        &mut self,
        value: &Value,
        spanned: &Spanned<toml::de::DeValue<'_>>,
        expected: &Value,
        path: &str,
    ) -> Result<(), ScenarioError> {
        if let (Value::Table(plain), Some(spans), Value::Table(schema)) =
            (value, spanned.get_ref().as_table(), expected)
        {
            return self.walk(plain, spans, schema, path);
        }
        let (Value::Array(values), Some(spans), Value::Array(schema)) =
            (value, spanned.get_ref().as_array(), expected)
        else {
            return Ok(());
        };
        for (n, (value, spanned)) in values.iter().zip(spans.iter()).enumerate() {
            let place = place_in(self.text, self.name, &spanned.span());
            let full = format!("{path}[{n}]");
            check_type(&place, &full, value, &schema[0])?;
            self.descend(value, spanned, &schema[0], &full)?;
            if let (Value::Table(plain), Value::Table(schema)) = (value, &schema[0])
                && let Some(key) = first_missing(schema, plain, &full)
            {
                return Err(Fault::MissingKey { place, key }.into());
            }
        }
        Ok(())
    }
}

fn parse<'t>(text: &'t str, name: &str) -> Result<Spanned<DeTable<'t>>, ScenarioError> {
    DeTable::parse(text).map_err(|error| not_toml(text, name, &error))
}

fn not_toml(text: &str, name: &str, error: &toml::de::Error) -> ScenarioError {
    let span = error.span().unwrap_or(0..0);
    let message = error.message().replace('\n', ", ");
    Fault::NotToml { place: place_in(text, name, &span), message }.into()
}

fn place_in(text: &str, name: &str, span: &core::ops::Range<usize>) -> Place {
    let before = &text.as_bytes()[..span.start.min(text.len())];
    let line = before.split(|byte| *byte == b'\n').count();
    Place::File { name: name.to_owned(), line }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn merge(table: &mut Table, key: String, value: Value) {
    match (table.get_mut(&key), value) {
        (Some(Value::Table(old)), Value::Table(new)) => {
            for (key, value) in new {
                merge(old, key, value);
            }
        }
        (_, value) => {
            table.insert(key, value);
        }
    }
}

fn first_missing(schema: &Table, table: &Table, path: &str) -> Option<String> {
    schema.iter().find_map(|(key, expected)| {
        let full = join(path, key);
        match (expected, table.get(key)) {
            (_, None) => Some(full),
            (Value::Table(schema), Some(Value::Table(table))) => {
                first_missing(schema, table, &full)
            }
            _ => None,
        }
    })
}

/// Types must agree; a whole number will do where a fraction may stand, and no number of a
/// scenario is negative.
fn check_type(
    place: &Place,
    key: &str,
    value: &Value,
    expected: &Value,
) -> Result<(), ScenarioError> {
    let negative = match value {
        Value::Integer(number) => *number < 0,
        Value::Float(number) => *number < 0.0 || !number.is_finite(),
        _ => false,
    };
    let numeric = expected.is_integer() || expected.is_float();
    if numeric && negative {
        return Err(Fault::OutOfRange {
            place: place.clone(),
            key: key.to_owned(),
            found: value.to_string(),
            expected: "a number that is not negative".to_owned(),
            hint: Hint::default(),
        }
        .into());
    }
    if value.same_type(expected) || (expected.is_float() && value.is_integer()) {
        return Ok(());
    }
    Err(Fault::WrongType {
        place: place.clone(),
        key: key.to_owned(),
        found: format!("{} {value}", article(value)),
        expected: expectation(key, expected),
    }
    .into())
}

fn article(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "the text",
        Value::Integer(_) => "the whole number",
        Value::Float(_) => "the number",
        Value::Boolean(_) => "the truth value",
        Value::Datetime(_) => "the time",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

fn expectation(key: &str, expected: &Value) -> String {
    let kind = match expected {
        Value::String(_) => "a text in quotes",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list",
        _ => "a table",
    };
    match unit_of(key) {
        Some((_, unit)) => format!("{kind} without a unit (the key says it: `{unit}`)"),
        None => kind.to_owned(),
    }
}

/// A key without its unit, and the unit.
fn unit_of(key: &str) -> Option<(&str, &'static str)> {
    UNITS.into_iter().find_map(|unit| key.strip_suffix(unit).map(|stem| (stem, unit)))
}

fn unknown_in(place: Place, full: &str, name: &str, schema: &Table, path: &str) -> Fault {
    let stem = unit_of(name).map_or(name, |(stem, _)| stem);
    let other_unit = schema.keys().find(|key| unit_of(key).is_some_and(|(other, _)| other == stem));
    if let Some(key) = other_unit {
        return Fault::WrongUnit { place, key: full.to_owned(), expected: join(path, key) };
    }
    let near = nearest(name, schema.keys().map(String::as_str)).map(|key| join(path, &key));
    Fault::UnknownKey { place, key: full.to_owned(), hint: Hint(near) }
}

fn unknown_key(place: Place, path: &str, schema: &Table) -> ScenarioError {
    let (parents, leaf) = path.rsplit_once('.').unwrap_or(("", path));
    let parent = parents
        .split('.')
        .filter(|part| !part.is_empty())
        .try_fold(schema, |table, part| child(table, part).and_then(Value::as_table));
    if let Some(table) = parent {
        let error = unknown_in(place.clone(), path, leaf, table, parents);
        let helpful = !matches!(&error, Fault::UnknownKey { hint: Hint(None), .. });
        if helpful {
            return error.into();
        }
    }
    let mut every = Vec::new();
    collect_keys(schema, "", &mut every);
    let same_leaf = every.iter().find(|key| key.rsplit('.').next() == Some(leaf)).cloned();
    let near = same_leaf.or_else(|| nearest(path, every.iter().map(String::as_str)));
    Fault::UnknownKey { place, key: path.to_owned(), hint: Hint(near) }.into()
}

fn collect_keys(table: &Table, path: &str, keys: &mut Vec<String>) {
    for (key, value) in table.iter().filter(|(key, _)| *key != ANY) {
        let full = join(path, key);
        match value {
            Value::Table(inner) => collect_keys(inner, &full, keys),
            _ => keys.push(full),
        }
    }
}

/// The nearest of some names, if one is near enough to be meant.
pub(super) fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
    names
        .map(|other| (strsim::jaro_winkler(name, other), other))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, other)| other.to_owned())
}
