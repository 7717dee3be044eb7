//! A macro for libvirt's numbers whose meaning depends on another value: a reason on the state, a detail on the event.

/// Defines a constant for each number, named after libvirt's, and `describe`, which gives the words of a number.
macro_rules! named_numbers {
    ($type:ident of $context:ident, $prefix:literal {
        $($case:ident { $($name:ident = $number:literal, $words:literal;)* })*
    }) => {
        impl $type {
            $($(
                #[doc = concat!("`", $prefix, stringify!($name), "`: ", $words, ".")]
                pub const $name: Self = Self($number);
            )*)*

            /// The words for the number in this context; `None` where libvirt says "unknown", or vtop does not know the
            /// number.
            pub fn describe(self, context: $context) -> Option<&'static str> {
                match (context, self.0) {
                    $($(($context::$case, $number) => Some($words),)*)*
                    _ => None,
                }
            }
        }
    };
}

pub(super) use named_numbers;
