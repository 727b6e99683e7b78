//! The command log: what is written is read back, and what was changed is never believed.

mod common;

use std::io::{self, Write};

use proptest::prelude::*;
use seawall_engine::journal::{
    BATCH_INPUTS_MAX, BODY_BYTES_MAX, HEADER_BYTES, JournalError, JournalReader, JournalWriter,
    SegmentHeader, Tail, decode_body, encode_body,
};
use seawall_engine::types::{AccountId, Input, Money, Price, Seq, Sequenced, SymbolId};

const GENESIS: u128 = 0x1234_5678_9abc_def0_0fed_cba9_8765_4321;

/// The log of `inputs`, with a commit after every `batch` of them.
fn written(inputs: &[Sequenced], batch: usize) -> Vec<u8> {
    let mut writer = JournalWriter::new(Vec::new(), GENESIS);
    for chunk in inputs.chunks(batch.max(1)) {
        for message in chunk {
            writer.append(message).expect("a vector takes everything");
        }
        writer.commit().expect("a vector takes everything");
    }
    let bytes = writer.bytes_written();
    let log = writer.finish().expect("a vector takes everything");
    assert_eq!(log.len() as u64, bytes);
    log
}

/// Everything the reader yields, and how it ended.
fn read(log: &[u8]) -> (Vec<Sequenced>, Result<Tail, JournalError>) {
    let mut reader = match JournalReader::new(log) {
        Ok(reader) => reader,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let mut inputs = Vec::new();
    for item in reader.by_ref() {
        match item {
            Ok(message) => inputs.push(message),
            Err(error) => {
                assert!(reader.tail().is_none(), "an error is not an end");
                assert!(reader.next().is_none(), "nothing follows an error");
                return (inputs, Err(error));
            }
        }
    }
    (inputs, Ok(reader.tail().expect("a reader that ended says how")))
}

fn mark(seq: u64, ticks: u32) -> Sequenced {
    let price = Price::new(ticks).expect("in the domain");
    let input = Input::Mark { symbol: SymbolId(0), price };
    Sequenced { seq: Seq(seq), time_ns: seq * 10, ingress_ns: seq * 10, input }
}

proptest! {
    #[test]
    fn every_input_round_trips(inputs in common::stream(200), batch in 1_usize..64) {
        let log = written(&inputs, batch);
        let (back, tail) = read(&log);
        prop_assert_eq!(back, inputs);
        prop_assert_eq!(tail.expect("clean"), Tail::Clean { bytes: log.len() as u64 });
    }

    #[test]
    fn a_body_decodes_to_what_was_encoded_or_not_at_all(
        message in common::stream(2), at in 0_usize..BODY_BYTES_MAX, flip in 1_u8..
    ) {
        let Some(message) = message.first() else { return Ok(()) };
        let mut body = [0; BODY_BYTES_MAX];
        let bytes = encode_body(message, &mut body);
        prop_assert_eq!(decode_body(message.seq, message.time_ns, &body[..bytes]), Ok(*message));
        // Two different bodies are never the same input: the encoding has no slack.
        body[at] ^= flip;
        if at < bytes && let Ok(other) = decode_body(message.seq, message.time_ns, &body[..bytes]) {
            prop_assert_ne!(other, *message);
            let mut again = [0; BODY_BYTES_MAX];
            let again_bytes = encode_body(&other, &mut again);
            prop_assert_eq!(&again[..again_bytes], &body[..bytes]);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = decode_body(Seq(1), u64::MAX, &body);
        let _ = read(&body);
        let mut log = SegmentHeader::first(GENESIS).encode().to_vec();
        log.extend_from_slice(&body);
        let _ = read(&log);
    }

    #[test]
    fn a_flipped_byte_is_noticed(
        inputs in common::stream(40), batch in 1_usize..8, at in any::<prop::sample::Index>(), flip in 1_u8..
    ) {
        let mut log = written(&inputs, batch);
        let at = at.index(log.len());
        log[at] ^= flip;
        let (back, tail) = read(&log);
        prop_assert!(inputs.starts_with(&back), "what is yielded was written");
        let noticed = !matches!(tail, Ok(Tail::Clean { .. }));
        prop_assert!(noticed, "byte {at} was changed");
    }
}

#[test]
fn truncation_anywhere_is_torn_or_clean() {
    let inputs: Vec<_> = (1..=20).map(|n| mark(n, 100)).collect();
    let log = written(&inputs, 3);
    for length in 0..=log.len() {
        let (back, tail) = read(&log[..length]);
        assert!(inputs.starts_with(&back));
        match tail {
            Ok(Tail::Clean { bytes }) => {
                assert_eq!(bytes, length as u64);
                assert!(back.len().is_multiple_of(3) || back.len() == inputs.len());
            }
            Ok(Tail::Torn { committed_bytes, after, dropped_inputs, stopped_at }) => {
                assert_eq!(after, Seq(back.len() as u64));
                assert!(committed_bytes <= stopped_at && stopped_at <= length as u64);
                assert!(dropped_inputs <= 3);
            }
            Err(JournalError::TooShort { bytes }) => {
                assert_eq!(bytes, length);
                assert!(length < HEADER_BYTES);
            }
            Err(error) => panic!("cut at {length}: {error}"),
        }
    }
}

#[test]
fn a_preallocated_segment_ends_clean() {
    let inputs: Vec<_> = (1..=5).map(|n| mark(n, 100)).collect();
    let mut log = written(&inputs, 5);
    let bytes = log.len() as u64;
    log.resize(1 << 20, 0);
    let (back, tail) = read(&log);
    assert_eq!(back, inputs);
    assert_eq!(tail.expect("clean"), Tail::Clean { bytes });
}

#[test]
fn a_damaged_frame_before_good_ones_is_refused_by_place() {
    let inputs: Vec<_> = (1..=50_000).map(|n| mark(n, 100)).collect();
    let mut log = written(&inputs, 100);
    let at = log.len() / 2 / 8 * 8;
    log[at] ^= 0x40;
    let (back, tail) = read(&log);
    assert!(inputs.starts_with(&back) && back.len() > 20_000);
    match tail {
        Err(JournalError::Damaged { offset, good_at, .. }) => {
            assert!(offset <= at as u64 && at as u64 <= good_at);
        }
        other => panic!("expected damage to be reported, found {other:?}"),
    }
}

#[test]
fn frames_of_another_log_are_refused() {
    let inputs: Vec<_> = (1..=5).map(|n| mark(n, 100)).collect();
    let mut log = written(&inputs, 5);
    let other = SegmentHeader::first(GENESIS + 1).encode();
    log[..HEADER_BYTES].copy_from_slice(&other);
    let (back, tail) = read(&log);
    assert!(back.is_empty());
    assert!(!matches!(tail, Ok(Tail::Clean { .. })));
}

#[test]
fn a_long_stream_is_committed_by_itself() {
    let count = u64::from(BATCH_INPUTS_MAX) * 3 + 7;
    let mut writer = JournalWriter::new(Vec::new(), GENESIS);
    for seq in 1..=count {
        writer.append(&mark(seq, 7)).expect("a vector takes everything");
    }
    assert_eq!(writer.next_seq(), count + 1);
    let log = writer.finish().expect("a vector takes everything");
    assert_eq!(read(&log).0.len() as u64, count);
}

#[test]
fn messages_say_what_was_expected_where() {
    let message = mark(1, 7);
    let mut body = [0; BODY_BYTES_MAX];
    let bytes = encode_body(&message, &mut body);
    body[16..20].copy_from_slice(&0_u32.to_le_bytes());
    let error = decode_body(Seq(1), 10, &body[..bytes]).expect_err("zero is no price");
    let text = "price at body offset 16 is 0, expected 1 to 268435456 ticks";
    assert_eq!(error.to_string(), text);

    let error = JournalReader::new(&[0_u8; 64][..]).expect_err("zeros are no log");
    assert!(error.to_string().contains("this is not a command log"), "{error}");

    let mut late = mark(1, 7);
    late.ingress_ns = 11;
    encode_body(&late, &mut body);
    let error = decode_body(Seq(1), 10, &body[..bytes]).expect_err("arrived after it was taken");
    assert_eq!(error.field, "ingress time");
}

#[test]
#[should_panic(expected = "inputs are logged in sequence")]
fn a_gap_is_never_written() {
    let mut writer = JournalWriter::new(Vec::new(), GENESIS);
    let _ = writer.append(&mark(2, 7));
}

#[test]
fn an_io_error_closes_the_writer() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = JournalWriter::new(Full, GENESIS);
    let amount = Money::new(1);
    let input = Input::Deposit { account: AccountId(1), amount };
    writer.append(&Sequenced { seq: Seq(1), time_ns: 0, ingress_ns: 0, input }).expect("buffered");
    assert_eq!(writer.commit().expect_err("full").kind(), io::ErrorKind::StorageFull);
    assert!(writer.commit().expect_err("closed").to_string().contains("earlier I/O error"));
}
