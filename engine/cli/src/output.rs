//! What the program prints.
//!
//! `println!` of the standard library panics where nobody reads on (`stormgrid grids check … | head -1`). A closed pipe
//! is no fault: what cannot be printed is dropped and the command ends with the status that it would have had. Any other
//! fault of the output, a full disk, ends the program with status 1. The macros here stand in for the library's in the
//! whole program.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};

macro_rules! println {
    () => { $crate::output::print(format_args!("\n")) };
    ($($argument:tt)*) => { $crate::output::print(format_args!("{}\n", format_args!($($argument)*))) };
}

macro_rules! print {
    ($($argument:tt)*) => { $crate::output::print(format_args!($($argument)*)) };
}

macro_rules! eprintln {
    ($($argument:tt)*) => { $crate::output::complain(format_args!($($argument)*)) };
}

/// Prints to the standard output.
pub fn print(text: Arguments<'_>) {
    checked(io::stdout().lock().write_fmt(text));
}

/// Writes bytes to the standard output.
pub fn write(bytes: &[u8]) {
    checked(io::stdout().lock().write_all(bytes));
}

/// Prints a line to the error output, which may be closed too.
pub fn complain(text: Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes out what is still in the buffer of the standard output.
pub fn flush() {
    checked(io::stdout().lock().flush());
}

fn checked(written: io::Result<()>) {
    match written {
        Ok(()) => {}
        Err(e) if is_closed(&e) => {}
        Err(e) => {
            complain(format_args!("error: {e}"));
            std::process::exit(1);
        }
    }
}

/// Whether nobody reads on.
fn is_closed(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}
