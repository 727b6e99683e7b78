//! LOBSTER replay: every row type, the record's priority, and files that are not what they claim.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use seawall::feeds::follow::{
    self, Agreement, Cause, FlowAction, FlowReader, LoadReader, ReplayOptions,
};
use seawall::feeds::{FeedError, Format, OpenOptions, RecordReader, open};
use seawall_engine::core::Engine;
use seawall_engine::types::{Event, OrderId, Side};
use tempfile::TempDir;

struct Fixture {
    directory: TempDir,
}

impl Fixture {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

fn opened(path: &Path) -> Result<Box<dyn RecordReader>, FeedError> {
    open(path, Format::Lobster, &OpenOptions::default())
}

fn replay(path: &Path, options: ReplayOptions) -> Result<Agreement, FeedError> {
    follow::replay(opened(path)?, options)
}

fn replayed(rows: &str) -> Agreement {
    let fixture = Fixture::new();
    replay(&fixture.file("rows.csv", rows.as_bytes()), ReplayOptions::default()).unwrap()
}

fn refused(rows: &str) -> String {
    let fixture = Fixture::new();
    let path = fixture.file("rows.csv", rows.as_bytes());
    replay(&path, ReplayOptions::default()).unwrap_err().to_string()
}

fn causes(agreement: &Agreement) -> Vec<(u64, Cause)> {
    agreement.disagreements.iter().map(|one| (one.line, one.cause)).collect()
}

/// Two offers at 100.01, one at 100.02, one bid; a sweep through both prices with a hidden
/// execution in its middle; a reduction that keeps its place.
const BOOK: &str = "\
34200.1,1,11,100,1000100,-1
34200.2,1,12,50,1000100,-1
34200.3,1,13,70,1000200,-1
34200.4,1,14,30,999900,1
34200.5,2,11,40,1000100,-1
";

#[test]
fn a_sweep_is_filled_order_by_order() {
    let agreement = replayed(&format!(
        "{BOOK}\
34201.000000001,4,11,60,1000100,-1
34201.000000001,5,0,500,1000150,-1
34201.000000001,4,12,50,1000100,-1
34201.000000001,4,13,20,1000200,-1
34202,3,13,50,1000200,-1
34203,6,-1,1000,1000000,-1
34204,7,0,0,-1,-1
"
    ));
    assert_eq!((agreement.sweeps, agreement.sweeps_identical), (1, 1));
    assert_eq!((agreement.sweeps_multi_fill, agreement.sweeps_multi_level), (1, 1));
    assert_eq!((agreement.executions, agreement.executions_at_best), (3, 3));
    assert_eq!((agreement.rows.crosses, agreement.rows.halts), (1, 1));
    assert_eq!(agreement.messages, 12);
    assert_eq!((agreement.trades.visible_shares, agreement.trades.hidden_shares), (130, 500));
    assert_eq!(agreement.orders_resting, 1, "the bid");
    assert!(agreement.disagreements.is_empty());
    assert_eq!(agreement.books, None);
}

#[test]
fn executions_of_different_times_or_sides_are_different_sweeps() {
    let agreement = replayed(&format!(
        "{BOOK}\
34201,4,11,10,1000100,-1
34201,4,14,10,999900,1
34201.1,4,11,10,1000100,-1
34201.2,4,11,10,1000100,-1
"
    ));
    assert_eq!((agreement.sweeps, agreement.sweeps_identical), (4, 4));
}

#[test]
fn a_late_order_stands_by_its_id() {
    let agreement = replayed(
        "\
34200,1,21,10,1000100,-1
34200,1,22,10,1000100,-1
34200,1,9,10,1000100,-1
34200,1,8,10,1000300,-1
34201,4,9,10,1000100,-1
34201,4,21,10,1000100,-1
34202,4,22,10,1000100,-1
34203,4,8,10,1000300,-1
",
    );
    assert_eq!((agreement.sweeps, agreement.sweeps_identical), (3, 3));
    assert_eq!(agreement.late_entries, 2);
    assert_eq!((agreement.late_entries_reordered, agreement.orders_reentered), (1, 2));
}

#[test]
fn an_order_passed_over_is_listed_and_the_record_followed() {
    let agreement = replayed(&format!(
        "{BOOK}\
34201,4,12,30,1000100,-1
34202,4,11,60,1000100,-1
34202,4,12,20,1000100,-1
"
    ));
    assert_eq!((agreement.sweeps, agreement.sweeps_identical), (2, 1));
    assert_eq!(causes(&agreement), [(6, Cause::HiddenPriority)]);
    let one = &agreement.disagreements[0];
    assert_eq!((one.order, one.engine[0].order, one.recorded[0].order), (Some(11), 11, 12));
    assert_eq!((one.engine[0].size, one.engine[0].price), (30, 1_000_100));
    assert_eq!(agreement.trades.misallocated_shares, 30);
    assert_eq!(agreement.executions_at_best, 3);
    assert_eq!(agreement.orders_resting, 2, "13 and 14 are untouched");
}

#[test]
fn causes_tell_what_kind_of_disagreement_it_is() {
    let late = "34200,1,21,10,1000100,-1\n34200,1,9,10,1000100,-1\n34201,4,21,10,1000100,-1\n";
    assert_eq!(causes(&replayed(late)), [(3, Cause::LateEntry)]);
    let through = format!("{BOOK}34201,4,13,70,1000200,-1\n");
    assert_eq!(causes(&replayed(&through)), [(6, Cause::BetterPriceDisplayed)]);
    let too_much = format!("{BOOK}34201,4,11,61,1000100,-1\n");
    assert_eq!(causes(&replayed(&too_much)), [(6, Cause::Quantity)]);
    let shrunk = format!("{BOOK}34201,2,11,60,1000100,-1\n34202,3,12,49,1000100,-1\n");
    let mismatch = [(6, Cause::RowMismatch), (7, Cause::RowMismatch)];
    assert_eq!(causes(&replayed(&shrunk)), mismatch);
    let twice = format!("{BOOK}34201,1,11,60,1000100,-1\n");
    assert_eq!(causes(&replayed(&twice)), [(6, Cause::DuplicateOrder)]);
    let crossed = format!("{BOOK}34201,1,15,60,1000100,1\n");
    let evicted = [(6, Cause::CrossedEntry), (6, Cause::CrossedEntry)];
    assert_eq!(causes(&replayed(&crossed)), evicted, "both offers at that price are stale");
    let far = format!("{BOOK}34201,1,15,60,40000000,-1\n");
    assert_eq!(causes(&replayed(&far)), [(6, Cause::OutOfDomain)]);
}

#[test]
fn orders_from_before_the_record_are_seeded() {
    let agreement = replayed(&format!(
        "{BOOK}\
34201,4,5,25,1000000,-1
34201,4,11,60,1000100,-1
34202,3,4,10,999800,1
34203,4,3,10,1000100,-1
34203,4,12,50,1000100,-1
"
    ));
    assert_eq!((agreement.sweeps, agreement.sweeps_seeded), (0, 2));
    assert_eq!(agreement.sweeps_seeded_identical, 2);
    assert_eq!((agreement.orders_seeded, agreement.rows_of_unknown_orders), (2, 1));
    assert_eq!(agreement.sweeps_identical_fraction, None, "nothing to take a fraction of");
}

#[test]
fn a_bad_row_is_refused_with_its_line() {
    let error = refused(&format!("{BOOK}34201,9,1,1,1,1\n"));
    assert!(
        error.ends_with("rows.csv:6: column `type` is \"9\", expected a whole number from 1 to 7")
    );
    let error = refused("34201,1,1,1,100,1\n34200.9,1,2,1,100,1\n");
    assert!(
        error.contains("rows.csv:2: time 34200900000000 ns is before the record above"),
        "{error}"
    );
    let error = refused("34201,1,1,1,100,1\n34201,1,2,1,150,1\n");
    assert!(error.contains("rows.csv:2: price 150 is not a multiple of the tick, 100"), "{error}");
    let error = refused("34201,1,1,1,100,1\n\n");
    assert!(error.contains("rows.csv:2: 1 columns, expected 6"), "{error}");
    assert!(refused("").contains("no rows; expected 6 (time,type,order id,size,price,direction)"));
    let error = refused(&"1".repeat(100_000));
    assert!(error.contains("rows.csv:1: a line of more than 4096 bytes"), "{error}");
}

#[test]
fn more_orders_than_the_book_holds_are_refused() {
    let fixture = Fixture::new();
    let path = fixture.file("rows.csv", BOOK.as_bytes());
    let options = ReplayOptions { orders_max: 3, ..ReplayOptions::default() };
    let error = replay(&path, options).unwrap_err().to_string();
    assert!(error.contains("rows.csv:4: more than 3 orders rest at once"), "{error}");
}

#[test]
fn line_ends_may_be_missing_at_the_end_or_be_windows_ones() {
    let rows = BOOK.trim_end().replace('\n', "\r\n");
    assert_eq!(replayed(&rows).messages, 5);
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zst(content: &[u8]) -> Vec<u8> {
    zstd::encode_all(content, 1).unwrap()
}

/// Rows enough for several chunks.
fn long() -> String {
    let row = |n: u32| format!("{}.{:09},1,{},100,500000,1", 34_200 + n, n * 7919 % 999_983, n + 1);
    (0..20_000).map(row).collect::<Vec<_>>().join("\n")
}

type Encoder = fn(&[u8]) -> Vec<u8>;
const ENCODERS: [(&str, Encoder); 3] = [("gz", gzip), ("xz", xz), ("zst", zst)];

#[test]
fn compressed_files_are_told_by_their_content() {
    let fixture = Fixture::new();
    let rows = long();
    for (name, encode) in ENCODERS {
        for file in [format!("rows.csv.{name}"), "rows.csv".to_owned()] {
            let path = fixture.file(&file, &encode(rows.as_bytes()));
            let agreement = replay(&path, ReplayOptions::default()).unwrap();
            assert_eq!(agreement.messages, 20_000, "{file} as {name}");
        }
        let mut two = encode(BOOK.as_bytes());
        two.extend(encode(b"34300,1,99,5,999900,1\n"));
        let path = fixture.file("two.csv", &two);
        let agreement = replay(&path, ReplayOptions::default()).unwrap();
        assert_eq!(agreement.messages, 6, "two {name} streams, one after the other");
    }
}

#[test]
fn a_truncated_or_damaged_file_is_refused_with_line_and_byte() {
    let fixture = Fixture::new();
    let rows = long();
    for (name, encode) in ENCODERS {
        let whole = encode(rows.as_bytes());
        for keep in [10, whole.len() / 2, whole.len() - 3] {
            let path = fixture.file(&format!("cut.csv.{name}"), &whole[..keep]);
            let error = replay(&path, ReplayOptions::default()).unwrap_err();
            assert!(matches!(error, FeedError::Read { .. }), "{name} cut to {keep}: {error}");
            assert!(error.to_string().contains(&format!("by byte {keep} of the file, after line")));
        }
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 4].iter_mut().for_each(|byte| *byte = !*byte);
        let path = fixture.file(&format!("damaged.csv.{name}"), &damaged);
        // A flipped bit may still decode, into rows that are not; either way it is refused.
        replay(&path, ReplayOptions::default()).unwrap_err();
    }
}

#[test]
fn a_file_that_is_not_what_it_claims_is_refused() {
    let fixture = Fixture::new();
    let error = |name: &str, content: &[u8]| {
        replay(&fixture.file(name, content), ReplayOptions::default()).unwrap_err().to_string()
    };
    assert!(error("rows.csv.xz", BOOK.as_bytes()).contains("the name says xz"));
    assert!(error("rows.csv.gz", &xz(b"x")).contains("the name says gzip"));
    assert!(
        error("rows.csv.bz2", b"BZh91AY").contains("this is bzip2 data; expected a plain file")
    );
    assert!(error("rows.csv", b"\x00\x01\x02").contains("rows.csv:1: 1 columns"));
    let missing = fixture.directory.path().join("absent.csv");
    let message = replay(&missing, ReplayOptions::default()).unwrap_err().to_string();
    assert!(message.contains("absent.csv: cannot open: No such file"), "{message}");
    let message =
        replay(fixture.directory.path(), ReplayOptions::default()).unwrap_err().to_string();
    assert!(message.contains("cannot open: is a directory"), "{message}");
}

/// The recorded hour, if this machine has it: `$SEAWALL_DATA` or `../shared/data` beside the
/// project. It is never part of the project.
fn recorded_hour() -> Option<PathBuf> {
    const NAME: &str = "lobster_AAPL_2012-06-21_0930-1030_message_50.csv.xz";
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
    let folders = [
        std::env::var_os("SEAWALL_DATA").map(PathBuf::from),
        Some(workspace.join("../shared/data")),
        // A linked work tree lies one folder deeper.
        Some(workspace.join("../../shared/data")),
    ];
    folders.into_iter().flatten().map(|folder| folder.join(NAME)).find(|path| path.is_file())
}

#[test]
fn the_recorded_hour_agrees_order_by_order() {
    let Some(path) = recorded_hour() else {
        told(format_args!(
            "skipped the_recorded_hour_agrees_order_by_order: no LOBSTER file in $SEAWALL_DATA or \
             ../shared/data"
        ));
        return;
    };
    let agreement = replay(&path, ReplayOptions::default()).unwrap();
    assert_eq!(agreement.messages, 91_997);
    assert_eq!((agreement.rows.executions, agreement.rows.hidden_executions), (4_067, 2_201));
    assert_eq!((agreement.sweeps, agreement.sweeps_seeded), (3_278, 12));
    assert_eq!(agreement.sweeps_identical, 3_270, "99.76 %");
    assert_eq!((agreement.sweeps_multi_fill, agreement.sweeps_multi_level), (563, 148));
    assert_eq!(agreement.executions_at_best, 4_067);
    assert_eq!(agreement.trades.misallocated_shares, 417);
    assert_eq!(agreement.trades.hidden_shares, 183_135);
    assert!(agreement.disagreements.iter().all(|one| one.cause == Cause::HiddenPriority));
}

#[test]
fn flow_puts_aggressors_together_again() {
    let fixture = Fixture::new();
    let path = fixture.file(
        "rows.csv",
        format!(
            "{BOOK}\
34201.000000001,4,11,60,1000100,-1
34201.000000001,5,0,500,1000150,-1
34201.000000001,4,12,50,1000100,-1
34201.000000001,4,13,20,1000200,-1
34202,3,13,50,1000200,-1
"
        )
        .as_bytes(),
    );
    let events: Vec<_> = FlowReader::new(opened(&path).unwrap()).map(Result::unwrap).collect();
    assert_eq!(events.len(), 7, "four orders, a reduction, an aggressor, a deletion");
    assert_eq!(events[4].time_ns, 400_000_000, "since the first row");
    let FlowAction::Take { side, price, qty } = events[5].action else {
        panic!("{:?}", events[5]);
    };
    assert_eq!((side, price.ticks(), qty.lots()), (Side::Buy, 1_000_200, 130));
    assert_eq!(events[6].action, FlowAction::Delete { order: OrderId(13) });
}

/// Sends a whole file to an engine; says how many inputs, rejections and traded lots there were.
fn loaded(path: &Path) -> (u64, u64, u64) {
    let mut load = LoadReader::open(opened(path).unwrap(), ReplayOptions::default()).unwrap();
    let mut engine = Engine::new(load.config());
    let mut events = Vec::new();
    let (mut inputs, mut rejected, mut traded) = (0, 0, 0);
    while let Some(input) = load.input().unwrap() {
        inputs += 1;
        assert_eq!(input.seq.0, inputs, "sequence numbers rise by one");
        engine.apply(&input, &mut events);
        for event in events.drain(..) {
            match event {
                Event::Rejected { .. } => rejected += 1,
                Event::Trade { qty, .. } => traded += u64::from(qty.lots()),
                _ => {}
            }
        }
    }
    assert_eq!(engine.conservation_error(), 0);
    (inputs, rejected, traded)
}

#[test]
fn load_runs_through_a_whole_engine() {
    let fixture = Fixture::new();
    let rows = format!(
        "{BOOK}\
34201,4,11,60,1000100,-1
34201,4,12,10,1000100,-1
34202,2,12,40,1000100,-1
34202,3,99,40,1000100,-1
34203,2,13,10,1000200,-1
34203,3,13,60,1000200,-1
"
    );
    let path = fixture.file("rows.csv", rows.as_bytes());
    // A deposit, four orders and one in-place reduction; the sweep; a reduction of all that is
    // left of 12; nothing for the unknown 99; a reduction and a deletion of 13.
    assert_eq!(loaded(&path), (10, 0, 70));
    let Some(hour) = recorded_hour() else {
        told(format_args!(
            "skipped the recorded hour in load_runs_through_a_whole_engine: no LOBSTER file"
        ));
        return;
    };
    let (inputs, rejected, traded) = loaded(&hour);
    assert!(inputs > 88_000 && traded > 345_000, "{inputs} inputs, {traded} lots traded");
    assert!(rejected * 1000 < inputs, "{rejected} of {inputs} inputs rejected");
}

/// Says something past the test runner, which shows what a passing test prints to nobody.
fn told(what: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "{what}").expect("standard error takes a line");
}
