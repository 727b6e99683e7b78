//! Order-book files: what is known of a row, what is taken over, and files that are not what they claim.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use seawall::feeds::follow::{
    Agreement, BookAgreement, BookCause, ReplayOptions, replay_with_books,
};
use seawall::feeds::lobster::BookReader;
use seawall::feeds::{FeedError, Format, OpenOptions, open};
use tempfile::TempDir;

fn replay(place: &TempDir, messages: &str, books: &[u8]) -> Result<Agreement, FeedError> {
    let [message_file, book_file] =
        ["messages.csv", "books.csv"].map(|name| place.path().join(name));
    fs::write(&message_file, messages).unwrap();
    fs::write(&book_file, books).unwrap();
    let reader = open(&message_file, Format::Lobster, &OpenOptions::default())?;
    replay_with_books(reader, Some(BookReader::open(&book_file)?), ReplayOptions::default())
}

fn replayed(messages: &str, books: &str) -> (Agreement, BookAgreement) {
    let mut agreement = replay(&tempfile::tempdir().unwrap(), messages, books.as_bytes()).unwrap();
    let books = agreement.books.take().expect("there is an order-book file");
    (agreement, books)
}

fn refused(messages: &str, books: &str) -> String {
    let error = replay(&tempfile::tempdir().unwrap(), messages, books.as_bytes()).unwrap_err();
    error.to_string()
}

fn listed(books: &BookAgreement) -> Vec<(u64, BookCause, &str, u64, u64, i64)> {
    let list = books.disagreements.iter();
    list.map(|one| (one.line, one.cause, one.side, one.price, one.recorded, one.engine)).collect()
}

/// Two offers and a bid; an aggressor takes 60 + 50 + 20 at two prices with a hidden execution between;
/// a halt.
const MESSAGES: &str = "\
34200.1,1,11,60,1000100,-1
34200.2,1,12,50,1000100,-1
34200.3,1,13,70,1000200,-1
34200.4,1,14,30,999900,1
34201,4,11,60,1000100,-1
34201,5,0,500,1000150,-1
34201,4,12,50,1000100,-1
34201,4,13,20,1000200,-1
34202,2,13,10,1000200,-1
34203,7,0,0,-1,-1
34204,3,13,40,1000200,-1
";

const BOOKS: &str = "\
1000100,60,-9999999999,0,9999999999,0,-9999999999,0
1000100,110,-9999999999,0,9999999999,0,-9999999999,0
1000100,110,-9999999999,0,1000200,70,-9999999999,0
1000100,110,999900,30,1000200,70,-9999999999,0
1000100,50,999900,30,1000200,70,-9999999999,0
1000100,50,999900,30,1000200,70,-9999999999,0
1000200,70,999900,30,9999999999,0,-9999999999,0
1000200,50,999900,30,9999999999,0,-9999999999,0
1000200,40,999900,30,9999999999,0,-9999999999,0
1000200,40,999900,30,9999999999,0,-9999999999,0
9999999999,0,999900,30,9999999999,0,-9999999999,0
";

#[test]
fn every_row_of_an_aggressor_has_its_own_book() {
    let (agreement, books) = replayed(MESSAGES, BOOKS);
    assert_eq!((agreement.sweeps, agreement.sweeps_identical), (1, 1));
    assert_eq!((books.rows, books.rows_identical, books.levels), (11, 11, 2));
    assert_eq!((books.levels_taken_over, books.levels_compared), (0, books.levels_identical));
    assert!(books.disagreements.is_empty());
}

/// Line by line: a book that is wrong in one row is found there, wherever in an aggressor it is.
#[test]
fn one_wrong_size_is_found_at_its_row() {
    for line in 2..=11_u64 {
        let mut lines: Vec<String> = BOOKS.lines().map(str::to_owned).collect();
        let row = &mut lines[usize::try_from(line).unwrap() - 1];
        let wrong = if row.starts_with('9') {
            row.replace(",30,", ",31,")
        } else {
            row.replacen(',', ",9", 1)
        };
        *row = wrong;
        let (_, books) = replayed(MESSAGES, &lines.join("\n"));
        assert_eq!(books.rows_identical, 10, "line {line}");
        assert!(!books.disagreements.is_empty() && listed(&books).iter().all(|one| one.0 == line));
    }
}

#[test]
fn what_rested_before_the_record_is_taken_over_once() {
    // 500 at 1000100 and 40 at 999800 were there before; 300 of them leave under unknown numbers.
    let messages = "\
34200,1,21,10,1000100,-1
34201,2,7,100,1000100,-1
34202,4,7,200,1000100,-1
34203,1,22,5,999900,1
34204,3,22,5,999900,1
34205,3,21,10,1000100,-1
34206,4,8,200,1000100,-1
";
    let books = "\
1000100,510,999800,40
1000100,410,999800,40
1000100,210,999800,40
1000100,210,999900,5
1000100,210,999800,40
1000100,200,999800,40
1000300,70,999800,40
";
    let (agreement, found) = replayed(messages, books);
    assert_eq!((agreement.sweeps_seeded, agreement.rows_of_unknown_orders), (2, 1));
    assert_eq!((found.rows_identical, &found.disagreements[..]), (7, &[][..]));
    // Both levels of row 1, and 1000300 when it comes into sight; 999800 comes back as it was.
    assert_eq!((found.levels_taken_over, found.rows_taken_over), (3, 2));
    // A wrong first row is believed, and the second gives it away.
    let (_, found) = replayed(messages, &books.replacen(",510,", ",511,", 1));
    assert_eq!(
        listed(&found)[0],
        (2, BookCause::OwnLevel, "ask", 1_000_100, 410, 411),
        "{found:?}"
    );
}

#[test]
fn a_difference_is_listed_where_it_begins_with_its_cause() {
    let messages = "\
34200,1,21,10,1000100,-1
34201,1,22,20,1000200,-1
34202,1,23,30,1000300,-1
34203,1,21,40,1000100,-1
34204,1,24,50,999900,1
";
    // Row 2 shows another size than its message, row 3 another level too, row 4 a second order 21.
    let books = "\
1000100,10,-9999999999,0,9999999999,0,-9999999999,0,9999999999,0,-9999999999,0
1000100,10,-9999999999,0,1000200,25,-9999999999,0,9999999999,0,-9999999999,0
1000100,11,-9999999999,0,1000200,25,-9999999999,0,1000300,30,-9999999999,0
1000100,50,-9999999999,0,1000200,25,-9999999999,0,1000300,30,-9999999999,0
1000100,50,999900,50,1000200,20,-9999999999,0,1000300,30,-9999999999,0
";
    let (_, found) = replayed(messages, books);
    assert_eq!(
        listed(&found),
        [
            (2, BookCause::OwnLevel, "ask", 1_000_200, 25, 20),
            (3, BookCause::OtherLevel, "ask", 1_000_100, 11, 10),
            (4, BookCause::EngineDiffers, "ask", 1_000_100, 50, 10),
        ]
    );
    assert_eq!((found.rows, found.rows_identical), (5, 1), "they last until they end");
    assert_eq!(found.causes.iter().map(|one| one.count).sum::<u64>(), 3);
}

#[test]
fn a_file_that_is_no_order_book_is_refused_with_its_line() {
    let without = |line: usize| {
        let lines = BOOKS.lines().enumerate().filter(|(at, _)| at + 1 != line);
        lines.map(|(_, row)| row).collect::<Vec<_>>().join("\n")
    };
    let short = refused(MESSAGES, &without(11));
    assert!(
        short.contains("books.csv:10: the file ends here; expected 10 rows and more"),
        "{short}"
    );
    assert!(short.ends_with("messages.csv"), "{short}");
    let long = refused(MESSAGES, &format!("{BOOKS}{}", BOOKS.lines().next().unwrap()));
    assert!(long.contains("books.csv:12: a row that belongs to no message; expected 11"), "{long}");
    let columns = refused(MESSAGES, &BOOKS.replacen(",30,1000200", ",1000200", 1));
    assert!(
        columns.contains("books.csv:4: 7 columns, expected 8: 4 of each of 2 levels"),
        "{columns}"
    );
    let order = refused(MESSAGES, &BOOKS.replacen("1000200,70", "1000050,70", 1));
    assert!(
        order.contains("books.csv:3: level 2: ask 1000050,70; expected asks that rise"),
        "{order}"
    );
    assert!(
        refused(MESSAGES, MESSAGES).contains("books.csv:1: 6 columns, expected 4 of each level")
    );
    assert!(refused(MESSAGES, "").contains("books.csv:0: the file ends here"));
}

/// The wrong bytes anywhere: an answer or an error, never a panic.
#[test]
fn damaged_order_books_never_panic() {
    let place = tempfile::tempdir().unwrap();
    let mut refusals = 0;
    for at in 0..BOOKS.len() {
        for byte in [b'9', b',', b'-', b'\n', 0xff] {
            let mut books = BOOKS.as_bytes().to_vec();
            books[at] = byte;
            refusals += u32::from(replay(&place, MESSAGES, &books).is_err());
        }
        refusals += u32::from(replay(&place, MESSAGES, &BOOKS.as_bytes()[..at]).is_err());
    }
    assert!(refusals > 1_000, "{refusals}");
}

fn file(place: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = place.join(name);
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn the_file_beside_the_messages_is_taken() {
    let place = tempfile::tempdir().unwrap();
    let start = "TEST_2012-06-21_34200000_57600000";
    let messages = file(place.path(), &format!("{start}_message_2.csv"), MESSAGES.as_bytes());
    assert_eq!(BookReader::beside(&messages), None);
    let compressed = zstd::encode_all(BOOKS.as_bytes(), 1).unwrap();
    let books = file(place.path(), &format!("{start}_orderbook_2.csv.zst"), &compressed);
    assert_eq!(BookReader::beside(&messages), Some(books.clone()));
    let seawall = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seawall"));
        command.arg("replay").arg(&messages).args(more).output().unwrap()
    };
    let said = String::from_utf8(seawall(&[]).stdout).unwrap();
    assert!(said.contains("11 of 11 books identical to the order-book file"), "{said}");
    assert!(said.contains("peak memory"), "{said}");
    fs::remove_file(books).unwrap();
    // Ten levels by its name, two by its rows.
    let books = file(place.path(), &format!("{start}_orderbook_10.csv"), BOOKS.as_bytes());
    let refused = seawall(&["--book", books.to_str().unwrap()]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(said.contains("orderbook_10.csv:1: 8 columns, expected 40"), "{said}");
    let other = seawall(&["--format", "csv", "--book", books.to_str().unwrap()]);
    assert_eq!(other.status.code(), Some(2));
}
