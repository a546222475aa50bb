//! The command line; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(driftlane::cli::main(std::env::args_os()))
}
