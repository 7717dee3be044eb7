//! Settings as texts, each with the place that gave it.

use std::fmt;

/// Where a value was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A command line option, as the help names it: `--delay <SECONDS>`.
    Argument(&'static str),
    /// An environment variable, and the option that takes precedence over it.
    Variable {
        /// Its name.
        name: &'static str,
        /// The option's name: `--delay`.
        option: &'static str,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(option) => write!(f, "for '{option}'"),
            Self::Variable { name, .. } => write!(f, "in the environment variable {name}"),
        }
    }
}

/// A value as it was given. A flag that is on has an empty text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// The text.
    pub text: String,
    /// Where it was given.
    pub origin: Origin,
}

macro_rules! partial_settings {
    ($(#[$struct_doc:meta])* $settings:ident { $($(#[$doc:meta])* $name:ident,)* }) => {
        $(#[$struct_doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $settings {
            $($(#[$doc])* pub $name: Option<Given>,)*
        }

        impl $settings {
            /// Both together; the settings of `self` take precedence.
            pub fn or(self, other: Self) -> Self {
                Self { $($name: self.$name.or(other.$name),)* }
            }
        }
    };
}

partial_settings! {
    /// The settings of one place. `None`: that place does not give the setting.
    PartialSettings {
        /// URI of the hypervisor.
        connect,
        /// Seconds between two samples.
        delay,
        /// Flag: write JSON.
        json,
        /// Write this table as CSV.
        csv,
        /// How many records to write.
        iterations,
        /// Query of the lists and outputs.
        filter,
        /// Which libvirt calls to use.
        calls,
        /// Theme at the start.
        theme,
        /// Symbols of charts.
        charts,
        /// Flag: a synthetic host in place of libvirt.
        demo,
        /// Seed of the synthetic host.
        demo_seed,
        /// Domains of the synthetic host.
        demo_domains,
        /// Disks of each of its domains.
        demo_disks,
        /// NICs of each of its domains.
        demo_nics,
    }
}
