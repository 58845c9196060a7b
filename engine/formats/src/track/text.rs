//! Bytes of a text file as text, whatever program wrote them.

use std::borrow::Cow;

use stormgrid_core::finding::{Finding, Kind};
use stormgrid_core::message;
use stormgrid_core::message::Message;

use crate::FormatError;

/// First bytes of files that are no text, and what they are.
const BINARIES: [(&[u8], &str); 12] = [
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "ZIP (.zip, .xlsx, .kmz)"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"CDF\x01", "NetCDF"),
    (b"CDF\x02", "NetCDF"),
    (b"\x89HDF", "HDF5, NetCDF-4"),
    (b"%PDF", "PDF"),
    (b"\xd0\xcf\x11\xe0", "Excel 97 (.xls)"),
    (b"GRIB", "GRIB"),
];

/// The text of a file, without its byte order mark; UTF-16 with such a mark is decoded and reported.
///
/// Bytes that are no UTF-8 become U+FFFD, so that they cost the line they stand in and not the file.
///
/// # Errors
///
/// Compressed and binary files, web pages and UTF-16 without a mark are refused by their name.
pub(crate) fn decode<'a>(
    bytes: &'a [u8],
    file: &str,
) -> Result<(Cow<'a, str>, Option<Finding>), FormatError> {
    if let Some((_, kind)) = BINARIES.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Err(refused(
            file,
            message!("fault.text.binary", "it is a {kind} file", kind = *kind),
            message!(
                "fix.text.binary",
                "unpack or export it, and give the text in it"
            ),
        ));
    }
    if let [0xff, 0xfe, rest @ ..] = bytes {
        return utf16(rest, u16::from_le_bytes, file);
    }
    if let [0xfe, 0xff, rest @ ..] = bytes {
        return utf16(rest, u16::from_be_bytes, file);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().take(400).any(|b| *b == 0) {
        return Err(refused(
            file,
            message!(
                "fault.text.zeros",
                "it holds zero bytes: UTF-16 without a byte order mark, or no text at all"
            ),
            message!("fix.save_utf8", "save it as UTF-8"),
        ));
    }
    let text = lines_of(String::from_utf8_lossy(bytes));
    let head: String = text
        .trim_start()
        .chars()
        .take(15)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if head.starts_with("<!doctype html") || head.starts_with("<html") {
        return Err(refused(
            file,
            message!(
                "fault.text.html",
                "it is a web page, perhaps what a server says instead of the file"
            ),
            message!(
                "fix.text.html",
                "open it in a browser, and download the file again"
            ),
        ));
    }
    if head.starts_with("<?xml") || head.starts_with("<kml") || head.starts_with("<gpx") {
        return Err(refused(
            file,
            message!("fault.text.xml", "it is XML"),
            message!("fix.text.xml", "export it as CSV"),
        ));
    }
    Ok((text, None))
}

fn refused(file: &str, problem: Message, remedy: Message) -> FormatError {
    FormatError::malformed(file, "", problem, remedy)
}

fn utf16(
    bytes: &[u8],
    unit: fn([u8; 2]) -> u16,
    file: &str,
) -> Result<(Cow<'static, str>, Option<Finding>), FormatError> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let text = text
        .ok()
        .filter(|_| bytes.len().is_multiple_of(2))
        .ok_or_else(|| {
            refused(
                file,
                message!(
                    "fault.text.utf16",
                    "it begins as text in UTF-16 and is none"
                ),
                message!("fix.save_utf8", "save it as UTF-8"),
            )
        })?;
    let note = message!("note.text.utf16", "the file is UTF-16 and was decoded");
    let finding = Finding::new(Kind::Note, file, note);
    Ok((lines_of(text.into()), Some(finding)))
}

/// Lines of old Macintosh programs end in a carriage return alone.
fn lines_of(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.contains('\r') && !text.contains('\n') {
        true => text.replace('\r', "\n").into(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8]) -> String {
        decode(bytes, "t").expect("a text").0.into_owned()
    }

    #[test]
    fn a_text_is_read_whoever_saved_it() {
        for (bytes, text) in [
            (b"\xef\xbb\xbfa,b\r\n".as_slice(), "a,b\r\n"),
            (b"\xff\xfea\0\n\0", "a\n"),
            (b"\xfe\xff\0a\x59\x29", "a天"),
            (b"a\rb\r", "a\nb\n"),
            (b"a\xe9b\n", "a\u{fffd}b\n"),
            (b"", ""),
        ] {
            assert_eq!(text_of(bytes), text);
        }
        assert!(decode(b"\xff\xfea\0", "t").expect("a text").1.is_some());
        assert!(decode(b"a", "t").expect("a text").1.is_none());
    }

    #[test]
    fn what_is_no_text_is_refused_by_its_name() {
        for (bytes, says) in [
            (b"\x1f\x8b\x08\0".as_slice(), "gzip"),
            (b"PK\x03\x04", "ZIP"),
            (b"\x89HDF\r\n", "NetCDF-4"),
            (b"a\0b\0", "UTF-16 without"),
            (b"\xff\xfea", "UTF-16 and is none"),
            (b"\n <!DOCTYPE HTML><p>404", "web page"),
            (b"<?xml version='1.0'?>", "XML"),
        ] {
            let fault = decode(bytes, "t").expect_err("no text").to_string();
            assert!(fault.contains(says), "{fault}");
        }
    }
}
