//! Choices that users make by name.

/// Declares an enum whose variants have names that users type.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            /// The names, in the order of the documentation.
            pub const NAMES: &'static [&'static str] = &[$($text),*];

            /// The name users type.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// The variant of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

named! {
    /// The precision particles are stored and moved in.
    Precision {
        /// Double.
        F64 = "f64",
        /// Single; log densities and weights are summed in double.
        F32 = "f32",
    }
}

impl Precision {
    /// The bytes of a number.
    pub fn bytes(self) -> u64 {
        match self {
            Self::F64 => 8,
            Self::F32 => 4,
        }
    }
}
