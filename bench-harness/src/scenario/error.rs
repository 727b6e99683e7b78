//! What can be wrong with a scenario, said so that its author can mend it.

use core::fmt;

use thiserror::Error;

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file, on a line counted from 1.
    File {
        /// The file, or the embedded scenario.
        name: String,
        /// The line.
        line: usize,
    },
    /// In `--set KEY=VALUE`.
    Set {
        /// The argument as it was given.
        argument: String,
    },
    /// Nowhere: the scenario as a whole.
    Whole {
        /// The file, or the embedded scenario.
        name: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, line } => write!(f, "{name}:{line}"),
            Self::Set { argument } => write!(f, "--set {argument}"),
            Self::Whole { name } => f.write_str(name),
        }
    }
}

/// A near name, for the end of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint(pub Option<String>);

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

/// Why a scenario was refused. Its display is the whole message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(transparent)]
pub struct ScenarioError(Box<Fault>);

impl ScenarioError {
    /// What is wrong.
    pub fn fault(&self) -> &Fault {
        &self.0
    }
}

impl From<Fault> for ScenarioError {
    fn from(fault: Fault) -> Self {
        Self(Box::new(fault))
    }
}

/// What can be wrong with a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// Neither an embedded scenario nor a file.
    #[error("unknown scenario `{name}`, expected a TOML file or one of {known}{hint}")]
    UnknownScenario {
        /// What was asked for.
        name: String,
        /// The embedded ones.
        known: String,
        /// A near one.
        hint: Hint,
    },
    /// Not an embedded venue.
    #[error("unknown venue `{name}`, expected all or one of {known}{hint}")]
    UnknownVenue {
        /// What was asked for.
        name: String,
        /// The embedded ones.
        known: String,
        /// A near one.
        hint: Hint,
    },
    /// A scenario that makes no sense under its venue.
    #[error("{0}")]
    Senseless(String),
    /// The file cannot be read.
    #[error("cannot read scenario {path}: {message}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system said.
        message: String,
    },
    /// The text is not TOML.
    #[error("{place}: not TOML: {message}")]
    NotToml {
        /// Where.
        place: Place,
        /// What the parser expected.
        message: String,
    },
    /// `--set` without a key and a value.
    #[error("--set {argument}: expected KEY=VALUE, for example --set shock.sell_lots=0")]
    NotAnAssignment {
        /// The argument.
        argument: String,
    },
    /// No such key.
    #[error("{place}: unknown key `{key}`{hint}")]
    UnknownKey {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// A near one.
        hint: Hint,
    },
    /// The key exists in another unit.
    #[error("{place}: key `{key}` is in the wrong unit, expected `{expected}`")]
    WrongUnit {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// The key with its unit.
        expected: String,
    },
    /// A value of another type.
    #[error("{place}: `{key}` is {found}, expected {expected}")]
    WrongType {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// What was given.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A key that must be there is not.
    #[error(
        "{place}: key `{key}` is missing; give it, or start from a scenario with `base = \"flash-crash\"`"
    )]
    MissingKey {
        /// Where.
        place: Place,
        /// The key.
        key: String,
    },
    /// A venue's file without one of its rules.
    #[error(
        "{place}: rule `{key}` is missing; a venue gives every rule, as those of `seawall list venues` do"
    )]
    MissingRule {
        /// Where.
        place: Place,
        /// The key.
        key: String,
    },
    /// A value out of its range, or one that contradicts another.
    #[error("{place}: `{key}` is {found}, expected {expected}{hint}")]
    OutOfRange {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// What was given.
        found: String,
        /// What was expected.
        expected: String,
        /// A near name.
        hint: Hint,
    },
    /// Values that are fine by themselves and not together.
    #[error("{place}: `{table}` contradicts itself: {message}")]
    Contradiction {
        /// Where.
        place: Place,
        /// The table.
        table: String,
        /// What does not go together.
        message: String,
    },
}
