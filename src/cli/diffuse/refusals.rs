//! What the diffusion engine refuses, in the words of the command line.

use crate::error::Error;

/// A refusal of the grid in the words of the command line.
pub(super) fn in_words(error: Error, option: &str) -> Error {
    match error {
        Error::Invalid {
            field,
            value,
            allowed,
        } => {
            let option = match &*field {
                "grid" | "noise level" | "order" => option.to_owned(),
                "lower_final_order" => "--lower-order-final".to_owned(),
                "corrected" => "--corrector".to_owned(),
                field => format!("--{}", field.replace(['_', ' '], "-")),
            };
            Error::invalid(option, value, format!("must be {allowed}"))
        }
        other => other,
    }
}
