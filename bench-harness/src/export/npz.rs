//! An `npz` file of one array: a zip archive (PKWARE's APPNOTE 6.3.10, 4.3) with one deflated entry,
//! in numpy's format 1.0.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// More than this is not said without zip's 64-bit extension.
pub(super) const BYTES_MAX: u64 = u32::MAX as u64 - 4_096;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Version 2.0, which knows deflate.
const VERSION: u16 = 20;
const DEFLATED: u16 = 8;
/// The first of January 1980, so that neither time nor machine is part of the file.
const DATE: u16 = 1 << 5 | 1;
/// Where the local header keeps checksum and sizes.
const SIZES_AT: u64 = 14;

/// Counts and sums what goes through it to the archive.
struct Entry<W: Write> {
    deflate: DeflateEncoder<W>,
    sum: Crc,
}

impl<W: Write> Write for Entry<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.deflate.write(bytes)?;
        self.sum.update(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.deflate.flush()
    }
}

/// Writes `records` as the array `name` of an archive: `fields` with numpy's kinds, so many `rows`.
pub(super) fn write(
    path: &Path,
    name: &str,
    fields: &[(&str, &str)],
    rows: u64,
    mut records: File,
) -> io::Result<()> {
    records.rewind()?;
    let name = format!("{name}.npy");
    let mut archive = BufWriter::new(File::create(path)?);
    archive.write_all(&local_header(&name, [0; 3]))?;
    let begin = archive.stream_position()?;
    let deflate = DeflateEncoder::new(archive, Compression::default());
    let mut entry = Entry { deflate, sum: Crc::new() };
    entry.write_all(&array_header(fields, rows))?;
    io::copy(&mut BufReader::new(records), &mut entry)?;
    let Entry { deflate, sum } = entry;
    let mut archive = deflate.finish()?;
    let end = archive.stream_position()?;
    let sizes = [sum.sum(), small(end - begin)?, sum.amount()];
    archive.write_all(&directory(&name, sizes, small(end)?))?;
    archive.seek(SeekFrom::Start(SIZES_AT))?;
    archive.write_all(sizes.map(u32::to_le_bytes).as_flattened())?;
    archive.flush()
}

fn small(bytes: u64) -> io::Result<u32> {
    u32::try_from(bytes).map_err(io::Error::other)
}

/// Checksum, compressed and plain size.
type Sizes = [u32; 3];

/// What the local header and the directory have in common: version to length of the name.
fn facts(name: &str, sizes: Sizes) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Version, no flags, method, time, date.
    for field in [VERSION, 0, DEFLATED, 0, DATE] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(sizes.map(u32::to_le_bytes).as_flattened());
    bytes.extend(u16::try_from(name.len()).expect("a short name").to_le_bytes());
    // No extra fields.
    bytes.extend(0_u16.to_le_bytes());
    bytes
}

fn local_header(name: &str, sizes: Sizes) -> Vec<u8> {
    let mut bytes = LOCAL.to_le_bytes().to_vec();
    bytes.extend(facts(name, sizes));
    bytes.extend(name.as_bytes());
    bytes
}

/// The central directory of one entry, and its end, which lies `at` that byte.
fn directory(name: &str, sizes: Sizes, at: u32) -> Vec<u8> {
    let mut bytes = CENTRAL.to_le_bytes().to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(facts(name, sizes));
    // No comment, first disk, no attributes; the entry begins at byte 0.
    bytes.extend([0; 10]);
    bytes.extend(0_u32.to_le_bytes());
    bytes.extend(name.as_bytes());
    let length = u32::try_from(bytes.len()).expect("one entry");
    bytes.extend(END.to_le_bytes());
    // One disk, one entry.
    for field in [0_u16, 0, 1, 1] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(length.to_le_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend(0_u16.to_le_bytes());
    bytes
}

/// Magic, version, length, a Python dictionary, blanks up to a multiple of 64.
fn array_header(fields: &[(&str, &str)], rows: u64) -> Vec<u8> {
    let fields: Vec<String> =
        fields.iter().map(|(name, kind)| format!("('{name}', '{kind}')")).collect();
    let fields = fields.join(", ");
    let mut text = format!("{{'descr': [{fields}], 'fortran_order': False, 'shape': ({rows},), }}");
    while (10 + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let length = u16::try_from(text.len()).expect("fields are a few hundred bytes");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(length.to_le_bytes());
    bytes.extend(text.into_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arrays_header_is_numpys() {
        let bytes = array_header(&[("ev", "<u8"), ("px", "<f8")], 12_345);
        assert_eq!(bytes.len() % 64, 0);
        assert_eq!(bytes[..8], *b"\x93NUMPY\x01\x00");
        assert_eq!(usize::from(bytes[8]) + 256 * usize::from(bytes[9]), bytes.len() - 10);
        assert!(String::from_utf8_lossy(&bytes[10..]).contains("'shape': (12345,)"));
    }

    #[test]
    fn headers_are_as_long_as_the_format_says() {
        assert_eq!(local_header("data.npy", [1, 2, 3]).len(), 30 + 8);
        assert_eq!(directory("data.npy", [1, 2, 3], 7).len(), 46 + 8 + 22);
        let header = local_header("data.npy", [1, 2, 3]);
        assert_eq!(header[14..18], 1_u32.to_le_bytes());
    }
}
