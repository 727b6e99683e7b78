//! The formats of recorded order flow that can be read.

use clap::ValueEnum;
use serde::Serialize;

/// Format of a recorded file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// LOBSTER message file: time,type,order id,size,price,direction.
    Lobster,
    /// Nasdaq TotalView-ITCH 5.0, of which --instrument names one stock.
    Itch,
    /// Databento DBN, schema mbo (every version); --instrument picks one of several.
    Dbn,
    /// Bitstamp order events as CSV: id,timestamp,exchange.timestamp,price,volume,action,direction.
    Bitstamp,
    /// Plain CSV of this project: time_ns,action,order,side,price,qty (docs/FEEDS.md).
    Csv,
    /// The same columns as Parquet.
    Parquet,
}

/// Which of two orders at one price stands ahead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Priority {
    /// The smaller order id: the exchange numbers orders as it takes them, and the record may
    /// show some of them late.
    Id,
    /// The one that the record entered first.
    Arrival,
}

impl Format {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lobster => "lobster",
            Self::Itch => "itch",
            Self::Dbn => "dbn",
            Self::Bitstamp => "bitstamp",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// Price units in one unit of the currency: prices of this format are counted in such parts.
    pub const fn price_units(self) -> u32 {
        match self {
            Self::Bitstamp => 100,
            _ => 10_000,
        }
    }

    /// Lots in one unit of the instrument: a share is one lot, a bitcoin a million.
    pub const fn lots_per_unit(self) -> u32 {
        match self {
            Self::Bitstamp => 1_000_000,
            _ => 1,
        }
    }

    /// Usual price step of displayed orders, in price units: one cent.
    pub const fn tick(self) -> u32 {
        self.price_units() / 100
    }

    /// Which of two orders at one price stands ahead.
    pub const fn priority(self) -> Priority {
        match self {
            Self::Lobster => Priority::Id,
            _ => Priority::Arrival,
        }
    }
}
