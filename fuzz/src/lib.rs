//! What all fuzz targets share: the oracle of memory, and ways to put the same input in another dress.
//!
//! A target hands the fuzzer's bytes to one reader. The reader may refuse them with a sentence; it must not panic,
//! hang, or hold more than [`BYTES_PER_BYTE`] bytes of memory a byte of input beyond [`FLOOR`]. What it accepts must
//! be read the same again: after writing where there is a writer, else after a byte order mark and Windows line ends
//! were added to the text.

pub mod targets;

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Memory that any reader may hold whatever the input's length [bytes]: tables of a library, buffers of a strip.
pub const FLOOR: usize = 8 << 20;

/// Memory that a reader may hold for each byte of input [-].
pub const BYTES_PER_BYTE: usize = 20;

static HELD: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counted.
pub struct Counted;

#[expect(
    unsafe_code,
    reason = "an allocator is unsafe by its trait; this one hands every call on"
)]
// SAFETY: every call goes to the system's allocator with the arguments that it came with.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(held, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let before = HELD.fetch_add(size, Ordering::Relaxed) + size;
        PEAK.fetch_max(before, Ordering::Relaxed);
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

/// Runs a reader and holds its memory against the bound.
///
/// - `legitimate`: bytes beside the input's own that the reader may take as its measure, for example the cells that
///   packed strips hold when unpacked [bytes]
///
/// Panics where it holds more.
pub fn bounded<T>(bytes: &[u8], legitimate: usize, read: impl FnOnce(&[u8]) -> T) -> T {
    let before = HELD.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let value = read(bytes);
    let peak = PEAK.load(Ordering::Relaxed).saturating_sub(before);
    let most = FLOOR + BYTES_PER_BYTE * (bytes.len() + legitimate);
    assert!(
        peak <= most,
        "{peak} bytes of memory for {} bytes of input; {most} are allowed",
        bytes.len()
    );
    value
}

/// Reads a text, and again as a Windows editor saves it: the same value, or the same refusal.
pub fn same_from_windows<T: Debug, E: Debug>(bytes: &[u8], read: impl Fn(&[u8]) -> Result<T, E>) {
    let first = bounded(bytes, 0, &read);
    // A quoted text may hold line ends of its own, which do change.
    if first.is_err()
        || bytes.iter().any(|b| matches!(b, b'"' | b'\'' | b'\r'))
        || bytes.starts_with(b"\xef\xbb\xbf")
    {
        return;
    }
    let mut windows = b"\xef\xbb\xbf".to_vec();
    for byte in bytes {
        if *byte == b'\n' {
            windows.push(b'\r');
        }
        windows.push(*byte);
    }
    let again = read(&windows);
    let [first, again] = [first, again].map(|r| r.map(|value| format!("{value:?}")));
    let again =
        again.expect("what is read with line feeds is read with a mark and Windows line ends");
    assert_eq!(
        first.ok(),
        Some(again),
        "the same text as a Windows editor saves it"
    );
}
