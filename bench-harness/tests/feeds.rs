//! Formats other than LOBSTER: fixtures written here byte by byte, the recorded files where they
//! are at hand, and files that are not what they claim.

mod fixtures;

use std::fmt::Write as _;
use std::path::Path;

use fixtures::{Folder, itch, mbo};
use proptest::prelude::*;
use seawall::feeds::follow::{Agreement, Cause, LoadReader, ReplayOptions, replay};
use seawall::feeds::{FeedError, Format, OpenOptions, Record, detect, open};
use seawall_engine::core::Engine;
use seawall_engine::types::Event;

fn replayed(path: &Path, format: Format, instrument: Option<&str>) -> Result<Agreement, FeedError> {
    let options = OpenOptions { instrument: instrument.map(str::to_owned) };
    replay(open(path, format, &options)?, ReplayOptions::default())
}

fn records(path: &Path, format: Format, instrument: Option<&str>) -> Vec<Record> {
    let options = OpenOptions { instrument: instrument.map(str::to_owned) };
    let mut reader = open(path, format, &options).unwrap();
    std::iter::from_fn(|| reader.record().unwrap()).collect()
}

/// Two stocks; of ours: a directory entry, four orders, a cancel of a part, a replacement that
/// loses its place, an aggressor through two prices, a hidden execution, a stub quote, a deletion.
fn itch_day() -> Vec<u8> {
    let (ours, other) = (7, 8);
    let mut day = itch::Day::default();
    day.system(0, b'O');
    day.directory(1, ours, "TEST");
    day.directory(1, other, "OTHER");
    day.add(100, other, 900, b'S', 10, "OTHER", 990_000);
    day.add(100, ours, 11, b'S', 100, "TEST", 1_000_100);
    day.add_attributed(200, ours, 12, b'S', 50, "TEST", 1_000_100);
    day.add(300, ours, 13, b'S', 70, "TEST", 1_000_200);
    day.add(400, ours, 14, b'B', 30, "TEST", 999_900);
    day.add(450, ours, 15, b'S', 1, "TEST", 1_999_999_900);
    day.cancel(500, ours, 11, 40);
    day.replace(600, ours, 12, 16, 55, 1_000_100);
    day.execute(700, other, 900, 10);
    day.execute(1_000, ours, 11, 60);
    day.execute(1_000, ours, 16, 55);
    day.hidden(1_000, ours, b'S', 500, "TEST", 1_000_150);
    day.execute_with_price(1_000, ours, 13, 20, 1_000_200);
    day.delete(1_100, ours, 13);
    day.delete(1_200, ours, 15);
    day.cross(2_000, ours, "TEST");
    day.trading_action(3_000, ours, "TEST");
    day.bytes()
}

#[cfg(unix)]
#[test]
fn what_is_read_once_must_be_named() {
    let error = detect(Path::new("/dev/null")).unwrap_err().to_string();
    assert!(error.starts_with("/dev/null: a pipe or a device"), "{error}");
    assert!(error.contains("expected its format to be named"), "{error}");
}

#[test]
fn itch_is_followed_order_by_order() {
    let folder = Folder::new();
    for (name, bytes) in [("day.itch", itch_day()), ("day.itch.gz", fixtures::gzip(&itch_day()))] {
        let path = folder.file(name, &bytes);
        assert_eq!(detect(&path).unwrap(), Format::Itch);
        let agreement = replayed(&path, Format::Itch, Some("TEST")).unwrap();
        assert_eq!(agreement.messages, 20, "messages of every stock are counted");
        assert_eq!((agreement.sweeps, agreement.sweeps_identical), (1, 1), "{agreement:?}");
        assert_eq!((agreement.sweeps_multi_fill, agreement.sweeps_multi_level), (1, 1));
        let rows = agreement.rows;
        assert_eq!((rows.adds, rows.reductions, rows.deletions), (5, 1, 2));
        assert_eq!((rows.executions, rows.hidden_executions), (3, 1));
        assert_eq!((rows.crosses, rows.halts, rows.beyond), (1, 1, 1));
        assert_eq!(agreement.orders_resting, 1, "the bid");
        assert_eq!(agreement.causes, []);
        assert_eq!(agreement.format, "itch");
    }
}

#[test]
fn an_itch_order_that_is_replaced_stands_at_the_end() {
    let mut day = itch::Day::default();
    day.add(1, 1, 1, b'B', 10, "TEST", 1_000_000);
    day.add(2, 1, 2, b'B', 10, "TEST", 1_000_000);
    day.replace(3, 1, 1, 3, 10, 1_000_000);
    day.execute(4, 1, 2, 10);
    day.execute(5, 1, 3, 10);
    // Out of turn: the exchange passes over 4.
    day.add(6, 1, 4, b'B', 10, "TEST", 1_000_000);
    day.add(7, 1, 5, b'B', 10, "TEST", 1_000_000);
    day.execute(8, 1, 5, 4);
    day.execute(9, 1, 4, 10);
    let folder = Folder::new();
    let path = folder.file("day.itch", &day.bytes());
    let agreement = replayed(&path, Format::Itch, Some("TEST")).unwrap();
    assert_eq!((agreement.sweeps, agreement.sweeps_identical), (4, 3));
    let [one] = agreement.disagreements.as_slice() else { panic!("{agreement:?}") };
    assert_eq!((one.cause, one.order, one.line), (Cause::HiddenPriority, Some(4), 8));
    assert_eq!((one.recorded[0].order, one.engine[0].order), (5, 4), "by the record's own ids");
    assert_eq!(agreement.orders_resting, 1, "the record was followed");
}

#[test]
fn itch_needs_to_know_which_stock() {
    let folder = Folder::new();
    let path = folder.file("day.itch", &itch_day());
    let none = replayed(&path, Format::Itch, None).unwrap_err().to_string();
    assert!(none.contains("--instrument"), "{none}");
    let missing = replayed(&path, Format::Itch, Some("NONE")).unwrap_err().to_string();
    assert!(missing.contains("NONE is not in the file"), "{missing}");
    assert!(missing.contains("OTHER TEST"), "{missing}");
    let long = replayed(&path, Format::Itch, Some("NINELETTER")).unwrap_err().to_string();
    assert!(long.contains("no symbol"), "{long}");
}

#[test]
fn damaged_itch_is_refused_with_its_offset() {
    let folder = Folder::new();
    let day = itch_day();
    let refused = |name: &str, bytes: &[u8]| {
        replayed(&folder.file(name, bytes), Format::Itch, Some("TEST")).unwrap_err().to_string()
    };
    let cut = refused("cut.itch", &day[..day.len() - 3]);
    assert!(cut.contains("the file ends after 22 bytes of a message, expected 25"), "{cut}");
    let mut kind = day.clone();
    kind[2] = b'z';
    let kind = refused("kind.itch", &kind);
    assert!(kind.contains("byte 0: message type \"z\", expected one of S R"), "{kind}");
    let mut length = day.clone();
    length[1] = 11;
    let length = refused("length.itch", &length);
    assert!(length.contains("a message of type 'S' has 11 bytes, expected 12"), "{length}");
    let mut back = itch::Day::default();
    back.add(10, 1, 1, b'B', 10, "TEST", 1_000_000);
    back.add(9, 1, 2, b'B', 10, "TEST", 1_000_000);
    let back = refused("back.itch", &back.bytes());
    assert!(back.contains("byte 38: time 9 ns is before"), "{back}");
    let mut side = itch::Day::default();
    side.add(10, 1, 1, b'?', 10, "TEST", 1_000_000);
    let side = refused("side.itch", &side.bytes());
    assert!(side.contains("column `side` is \"?\", expected B (buy) or S (sell)"), "{side}");
    assert!(refused("empty.itch", b"").contains("no rows"));
}

/// A maker partly filled, another filled to its end, a modification that loses the place, one that
/// keeps it, the aggressor's own fill, and a cancel that a fill already accounts for.
fn mbo_hour() -> Vec<mbo::Row> {
    use mbo::row;
    vec![
        row(1, b'A', b'A', 11, 100_010_000_000, 100),
        row(2, b'A', b'A', 12, 100_010_000_000, 50),
        row(3, b'A', b'A', 13, 100_020_000_000, 70),
        row(4, b'A', b'B', 14, 99_990_000_000, 30),
        row(5, b'M', b'A', 11, 100_010_000_000, 60),
        row(6, b'M', b'A', 12, 100_010_000_000, 55),
        row(7, b'T', b'B', 20, 100_020_000_000, 135),
        row(7, b'F', b'A', 11, 100_010_000_000, 60),
        row(7, b'C', b'A', 11, 100_010_000_000, 60),
        row(7, b'F', b'A', 12, 100_010_000_000, 55),
        row(7, b'C', b'A', 12, 100_010_000_000, 55),
        row(7, b'F', b'A', 13, 100_020_000_000, 20),
        row(7, b'M', b'A', 13, 100_020_000_000, 50),
        row(7, b'F', b'B', 20, 100_020_000_000, 135),
        row(8, b'C', b'A', 13, 100_020_000_000, 50),
    ]
}

#[test]
fn dbn_is_followed_order_by_order() {
    let folder = Folder::new();
    let bytes = mbo::file(&mbo_hour());
    for (name, bytes) in [("x.mbo.dbn", bytes.clone()), ("x.mbo.dbn.zst", fixtures::zst(&bytes))] {
        let path = folder.file(name, &bytes);
        assert_eq!(detect(&path).unwrap(), Format::Dbn);
        let agreement = replayed(&path, Format::Dbn, None).unwrap();
        assert_eq!(agreement.messages, 15);
        assert_eq!((agreement.sweeps, agreement.sweeps_identical), (1, 1), "{agreement:?}");
        assert_eq!((agreement.sweeps_multi_fill, agreement.sweeps_multi_level), (1, 1));
        assert_eq!(agreement.causes, []);
        assert_eq!(agreement.orders_resting, 1, "the bid");
    }
    let named = folder.file("named.dbn", &bytes);
    assert_eq!(replayed(&named, Format::Dbn, Some("TEST")).unwrap().sweeps, 1);
    let missing = replayed(&named, Format::Dbn, Some("NONE")).unwrap_err().to_string();
    assert!(missing.contains("NONE is not in the file") && missing.contains("TEST"), "{missing}");
}

#[test]
fn a_cleared_dbn_book_is_empty() {
    let mut rows = mbo_hour();
    rows.push(mbo::row(9, b'R', b'N', 0, i64::MAX, 0));
    let folder = Folder::new();
    let path = folder.file("x.dbn", &mbo::file(&rows));
    let agreement = replayed(&path, Format::Dbn, None).unwrap();
    assert_eq!((agreement.orders_resting, agreement.causes.len()), (0, 0));
}

#[test]
fn damaged_dbn_is_refused() {
    let folder = Folder::new();
    let bytes = mbo::file(&mbo_hour());
    let refused = |name: &str, bytes: &[u8]| {
        replayed(&folder.file(name, bytes), Format::Dbn, None).unwrap_err().to_string()
    };
    let plain = refused("text.dbn", b"time,type\n1,2\n");
    assert!(plain.contains("not a DBN file of schema mbo"), "{plain}");
    let cut = refused("cut.dbn", &bytes[..bytes.len() - 5]);
    assert!(cut.contains("byte"), "{cut}");
    let mut rows = mbo_hour();
    rows.push(mbo::row(7, b'A', b'A', 30, 100_010_000_000, 100));
    let back = refused("back.dbn", &mbo::file(&rows));
    assert!(back.contains("is before the record above"), "{back}");
    let mut two = mbo_hour();
    two.push(mbo::Row { instrument: 2, ..mbo::row(9, b'A', b'A', 31, 100_010_000_000, 1) });
    let two = refused("two.dbn", &mbo::file(&two));
    assert!(two.contains("several instruments"), "{two}");
}

const BITSTAMP: &str = "\
id,timestamp,exchange.timestamp,price,volume,action,direction
11,1000,1000,100.10,100000000,created,ask
12,2000,2000,100.10,50000000,created,ask
13,3000,3000,99.90,30000000,created,bid
14,9000,9000,100.20,200000000,created,bid
14,9010,9000,100.20,100000001,changed,bid
11,9020,9000,100.10,0,deleted,ask
14,9030,9000,100.20,50000000,changed,bid
12,9040,9000,100.10,0,deleted,ask
13,20000,20000,99.90,30000000,deleted,bid
99,30000,30000,100.30,0,deleted,ask
15,30001,30001,100.30,10000000,created,bid
15,30002,30002,100.30,0,deleted,bid
";

#[test]
fn bitstamp_trades_are_put_together() {
    let folder = Folder::new();
    let path = folder.file("orders.csv", BITSTAMP.as_bytes());
    assert_eq!(detect(&path).unwrap(), Format::Bitstamp);
    let agreement = replayed(&path, Format::Bitstamp, None).unwrap();
    let pairing = agreement.pairing.unwrap();
    assert_eq!((pairing.trades, pairing.paired, pairing.paired_with_older), (3, 3, 1));
    assert_eq!((agreement.sweeps, agreement.sweeps_identical), (1, 1), "{agreement:?}");
    assert_eq!((agreement.sweeps_multi_fill, agreement.sweeps_seeded), (1, 1));
    assert_eq!(agreement.orders_resting, 1, "what is left of the aggressor rests");
    assert_eq!(agreement.causes, []);
}

#[test]
fn a_bad_bitstamp_row_is_refused_with_its_line() {
    let folder = Folder::new();
    for (row, complaint) in [
        ("1,2,3,4.5,6,created", "6 columns, expected 7"),
        ("1,2,3,4.555,6,created,bid", "column `price` is \"4.555\", expected a price with"),
        ("1,2,3,4.55,x,created,bid", "column `volume` is \"x\""),
        ("1,2,3,4.55,6,made,bid", "column `action` is \"made\", expected created, changed or"),
        ("1,2,3,4.55,6,created,buy", "column `direction` is \"buy\", expected bid or ask"),
        ("0,2,3,4.55,6,created,bid", "column `id` is \"0\""),
    ] {
        let content = format!("{}\n{row}\n", BITSTAMP.lines().next().unwrap());
        let path = folder.file("bad.csv", content.as_bytes());
        let error = replayed(&path, Format::Bitstamp, None).unwrap_err().to_string();
        assert!(error.contains(&format!("bad.csv:2: {complaint}")), "{error}");
    }
    let headless = folder.file("headless.csv", b"1,2,3,4.5,6,created,bid\n");
    let error = replayed(&headless, Format::Bitstamp, None).unwrap_err().to_string();
    assert!(error.contains("column `header`"), "{error}");
}

#[test]
fn recorded_bitstamp_hours_pair() {
    const NAME: &str = "bitstamp_BTCUSD_2015-05-01_orders.csv.xz";
    let Some(path) = fixtures::recorded(NAME) else {
        fixtures::told("skipped recorded_bitstamp_hours_pair: no Bitstamp file in $SEAWALL_DATA");
        return;
    };
    let agreement = replayed(&path, Format::Bitstamp, None).unwrap();
    let pairing = agreement.pairing.unwrap();
    assert_eq!(agreement.messages, 50_414);
    assert!(pairing.paired * 100 >= pairing.trades * 94, "{pairing:?}");
}

#[test]
fn a_bitstamp_lot_is_a_millionth_of_a_coin_to_an_engine_too() {
    // Three orders of 500 bitcoin each rest; an order of ten takes from the first.
    let mut rows = BITSTAMP.lines().next().unwrap().to_owned() + "\n";
    for n in 1..=3 {
        writeln!(rows, "{n},{n}000,{n}000,{}.00,50000000000,created,ask", 300 + n)
            .expect("a text takes a line");
    }
    rows += "200,200000,200000,301.00,1000000000,created,bid\n\
             200,200001,200001,301.00,0,deleted,bid\n1,200002,200002,301.00,49000000000,changed,ask\n";
    let folder = Folder::new();
    let path = folder.file("orders.csv", rows.as_bytes());
    let reader = open(&path, Format::Bitstamp, &OpenOptions::default()).unwrap();
    let mut load = LoadReader::open(reader, ReplayOptions::default()).unwrap();
    // Money counts in cents of millionths.
    assert_eq!(load.config().markets()[0].contract().unit, 1);
    let mut engine = Engine::new(load.config());
    let (mut events, mut traded) = (Vec::new(), 0);
    while let Some(input) = load.input().unwrap() {
        engine.apply(&input, &mut events);
        for event in events.drain(..) {
            match event {
                Event::Rejected { .. } => panic!("{event:?}"),
                Event::Trade { qty, .. } => traded += qty.lots(),
                _ => {}
            }
        }
    }
    assert_eq!(traded, 10_000_000, "ten bitcoin");
    assert_eq!(engine.conservation_error(), 0);
}

const TABLE: &str = "\
time_ns,action,order,side,price,qty
1,add,11,sell,1000100,100
2,add,12,sell,1000100,50
3,reduce,11,sell,1000100,40
4,execute,11,sell,1000100,60
4,execute-hidden,0,sell,1000150,5
4,execute,12,sell,1000100,10
5,delete,12,sell,1000100,40
6,cross,,,,
7,halt,,,,
";

#[test]
fn the_projects_own_table_is_followed_as_csv_and_as_parquet() {
    let folder = Folder::new();
    let csv = folder.file("flow.csv", TABLE.as_bytes());
    let parquet = fixtures::table_as_parquet(&folder, TABLE);
    assert_eq!(detect(&csv).unwrap(), Format::Csv);
    assert_eq!(detect(&parquet).unwrap(), Format::Parquet);
    assert_eq!(records(&csv, Format::Csv, None).len(), 9);
    for (path, format) in [(csv, Format::Csv), (parquet, Format::Parquet)] {
        let agreement = replayed(&path, format, None).unwrap();
        assert_eq!((agreement.sweeps, agreement.sweeps_identical), (1, 1), "{agreement:?}");
        assert_eq!((agreement.rows.crosses, agreement.rows.halts), (1, 1));
        assert_eq!((agreement.orders_resting, agreement.causes.len()), (0, 0));
    }
    let bad = folder.file("bad.csv", TABLE.replace("add,12", "put,12").as_bytes());
    let error = replayed(&bad, Format::Csv, None).unwrap_err().to_string();
    assert!(
        error.contains("bad.csv:3: column `action` is \"put\", expected add, reduce"),
        "{error}"
    );
    let text = folder.file("text.parquet", b"not parquet at all");
    let error = replayed(&text, Format::Parquet, None).unwrap_err().to_string();
    assert!(error.contains("not a Parquet file of the columns time_ns"), "{error}");
}

proptest! {
    /// Whatever a file holds, it is read or refused; nothing panics.
    #[test]
    fn damaged_files_never_panic(
        which in 0_usize..4,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (format, mut bytes) = match which {
            0 => (Format::Itch, itch_day()),
            1 => (Format::Dbn, mbo::file(&mbo_hour())),
            2 => (Format::Bitstamp, BITSTAMP.as_bytes().to_vec()),
            _ => (Format::Csv, TABLE.as_bytes().to_vec()),
        };
        for (place, value) in flips {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let folder = Folder::new();
        let path = folder.file("damaged", &bytes);
        let instrument = (format == Format::Itch).then_some("TEST");
        let _ = replayed(&path, format, instrument).map_err(|error| error.to_string());
    }
}
