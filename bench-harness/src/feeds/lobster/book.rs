//! An order-book file as a stream of rows: row *n* is the book after message *n*.
//!
//! `ask price,ask size,bid price,bid size` of each level from the best outwards; a level that is not
//! there has the price ±9999999999 and the size 0 (lobsterdata.com, Data Structure).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use seawall_engine::types::Side;

use crate::feeds::columns::unsigned;
use crate::feeds::{FeedError, RowError, Source};

/// The columns, for error messages.
const COLUMNS: &str = "4 of each level (ask price,ask size,bid price,bid size)";
/// What is written for the price of an ask that is not there; of a bid, with a minus.
const NO_LEVEL: u64 = 9_999_999_999;
/// A thousand levels, the most that `seawall export` writes, with the longest numbers.
const LINE_BYTES_MAX: usize = 60 * 1024;

/// A price level: price in 1e-4 dollars, total size in shares.
pub type BookLevel = (u64, u64);

/// Reads an order-book file, plain or compressed, row by row.
#[derive(Debug)]
pub struct BookReader {
    source: Source,
    levels: usize,
    /// Levels that are there: bids, asks.
    sides: [Vec<BookLevel>; 2],
}

impl BookReader {
    /// Opens an order-book file. Its levels are those that the name says (`…orderbook_N.csv`),
    /// otherwise those of the first row.
    pub fn open(path: &Path) -> Result<Self, FeedError> {
        let source = Source::open(path, COLUMNS)?.with_line_max(LINE_BYTES_MAX);
        Ok(Self { source, levels: levels_of_name(path).unwrap_or(0), sides: Default::default() })
    }

    /// The order-book file that lies beside a message file under the name LOBSTER gives it
    /// (`…_message_N.csv`, `…_orderbook_N.csv`), plain or compressed, if there is one.
    pub fn beside(messages: &Path) -> Option<PathBuf> {
        let name = messages.file_name()?.to_str()?;
        let (start, end) = name.rsplit_once("_message_")?;
        let ends = [".gz", ".xz", ".zst", ".zstd"];
        let bare = ends.iter().find_map(|ending| end.strip_suffix(ending)).unwrap_or(end);
        let books = |ending: &str| {
            messages.with_file_name(OsString::from(format!("{start}_orderbook_{bare}{ending}")))
        };
        let own = end.strip_prefix(bare).unwrap_or_default();
        let names = [own, ""].into_iter().chain(ends).map(books);
        names.into_iter().find(|path| path.is_file())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// Levels of each side, once a row was read or if the name says them.
    pub const fn levels(&self) -> usize {
        self.levels
    }

    /// Reads the next row; false after the last.
    pub fn advance(&mut self) -> Result<bool, FeedError> {
        let Some(row) = self.source.line()? else { return Ok(false) };
        match parse(row, &mut self.levels, &mut self.sides) {
            Ok(()) => Ok(true),
            Err(row) => Err(self.refused(row)),
        }
    }

    /// One side of the row read last, from the best level outwards, without the empty ones.
    pub fn side(&self, side: Side) -> &[BookLevel] {
        &self.sides[usize::from(side == Side::Sell)]
    }

    /// An error about the row read last.
    #[cold]
    pub fn refused(&self, row: RowError) -> FeedError {
        self.source.refused_line(row)
    }
}

fn levels_of_name(path: &Path) -> Option<usize> {
    let (_, end) = path.file_name()?.to_str()?.rsplit_once("orderbook_")?;
    let digits = end.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(end.len());
    end[..digits].parse().ok().filter(|levels| *levels > 0)
}

/// Reads one row into `sides` (bids, asks); `levels` is 0 until the first row says it.
fn parse(row: &[u8], levels: &mut usize, sides: &mut [Vec<BookLevel>; 2]) -> Result<(), RowError> {
    let found = row.split(|byte| *byte == b',').count();
    if *levels == 0 && found.is_multiple_of(4) {
        *levels = found / 4;
    }
    if found != *levels * 4 {
        return Err(match *levels {
            0 => RowError::Columns { found, expected: COLUMNS },
            levels => RowError::BookColumns { found, expected: levels * 4, levels },
        });
    }
    let mut columns = row.split(|byte| *byte == b',');
    let mut column = || columns.next().unwrap_or_default();
    let [bids, asks] = sides;
    bids.clear();
    asks.clear();
    for level in 1..=*levels {
        let (price, size) = (column(), column());
        side(asks, level, price, size, ["ask price", "ask size"])?;
        let (price, size) = (column(), column());
        side(bids, level, price, size, ["bid price", "bid size"])?;
    }
    Ok(())
}

/// Takes one level of one side.
fn side(
    out: &mut Vec<BookLevel>,
    level: usize,
    price: &[u8],
    size: &[u8],
    names: [&'static str; 2],
) -> Result<(), RowError> {
    let is_ask = names[0] == "ask price";
    let none = if is_ask { Some(price) } else { price.strip_prefix(b"-") };
    let shares = unsigned(size).filter(|shares| u32::try_from(*shares).is_ok());
    let shares =
        shares.ok_or_else(|| RowError::column(names[1], size, "a whole number of shares"))?;
    let refused = |expected| {
        let found = [price, size].map(|text| String::from_utf8_lossy(text).into_owned()).join(",");
        Err(RowError::BookLevel {
            level,
            side: if is_ask { "ask" } else { "bid" },
            found,
            expected,
        })
    };
    if none.and_then(unsigned) == Some(NO_LEVEL) {
        return if shares == 0 { Ok(()) } else { refused("the size 0 where there is no level") };
    }
    let Some(price) = unsigned(price).filter(|price| (1..NO_LEVEL).contains(price)) else {
        let expected = "a price in 1e-4 dollars; where there is no level 9999999999 (ask), \
                        -9999999999 (bid)";
        return Err(RowError::column(names[0], price, expected));
    };
    if shares == 0 {
        return refused("a size above 0 at a price");
    }
    if out.len() + 1 < level {
        return refused("no level behind one that is not there");
    }
    if let Some(&(before, _)) = out.last() {
        if is_ask && price <= before {
            return refused("asks that rise from level to level");
        }
        if !is_ask && price >= before {
            return refused("bids that fall from level to level");
        }
    }
    out.push((price, shares));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(row: &str) -> Result<[Vec<BookLevel>; 2], String> {
        let (mut levels, mut sides) = (0, Default::default());
        parse(row.as_bytes(), &mut levels, &mut sides).map_err(|error| error.to_string())?;
        Ok(sides)
    }

    #[test]
    fn levels_that_are_not_there_are_left_out() {
        let row = "101,5,100,7,103,1,-9999999999,0,9999999999,0,-9999999999,0";
        assert_eq!(parsed(row), Ok([vec![(100, 7)], vec![(101, 5), (103, 1)]]));
    }

    #[test]
    fn a_row_that_is_no_book_says_what_was_expected() {
        for (row, complaint) in [
            ("101,5,100", "3 columns, expected 4 of each level"),
            ("", "1 columns, expected 4 of each level"),
            ("x,5,100,7", "column `ask price` is \"x\""),
            ("101,-5,100,7", "column `ask size` is \"-5\", expected a whole number of shares"),
            ("101,5,-100,7", "column `bid price` is \"-100\""),
            ("-9999999999,0,100,7", "column `ask price` is \"-9999999999\""),
            ("101,0,100,7", "level 1: ask 101,0; expected a size above 0"),
            ("101,5,-9999999999,7", "level 1: bid -9999999999,7; expected the size 0"),
            ("101,5,100,7,101,5,99,7", "level 2: ask 101,5; expected asks that rise"),
            ("101,5,100,7,102,5,100,7", "level 2: bid 100,7; expected bids that fall"),
            ("9999999999,0,100,7,102,5,99,7", "level 2: ask 102,5; expected no level behind"),
        ] {
            let error = parsed(row).expect_err(row);
            assert!(error.contains(complaint), "{row:?}: {error}");
        }
    }

    #[test]
    fn the_name_says_the_levels() {
        let levels = |name: &str| levels_of_name(Path::new(name));
        assert_eq!(levels("AAPL_2012-06-21_34200000_57600000_orderbook_10.csv.xz"), Some(10));
        assert_eq!(levels("orderbook_1.csv"), Some(1));
        assert_eq!(levels("books.csv"), None);
    }
}
