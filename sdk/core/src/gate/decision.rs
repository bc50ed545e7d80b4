//! What does a gate say, and how is it told to a person?

/// What a gate says now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Open,
    Closed {
        why: Why,
    },
    /// Closed, and the user can open it by authenticating again (RFC 9470 names the two wishes so).
    StepUp {
        why: Why,
        /// The assurance that is wanted.
        acr_values: Option<String>,
        /// Seconds since the authentication that are allowed.
        max_age: Option<u32>,
    },
}

/// Why a gate is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nothing is established yet. Unknown is not open.
    NotKnownYet,
    SignedOut,
    MissingRole(String),
    MissingScope(String),
    MissingPermission(String),
    /// The claim of this name is missing or something else.
    OtherClaim(String),
    /// The token is none of this server's for us: its claims count for nothing.
    NotGenuine,
    /// Events may have been missed since the server was last asked.
    Unconfirmed,
    /// The server last said so longer ago than this many seconds.
    TooOld(u32),
    MissingAssurance(String),
    /// The user authenticated longer ago than this many seconds.
    SignedInTooLongAgo(u32),
    /// The server does not say when the user authenticated.
    SignInTimeUnknown,
    /// A `not` found what it excludes, or an `any` was empty.
    Excluded,
}

impl Decision {
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    /// Why it is not open.
    pub fn why(&self) -> Option<&Why> {
        match self {
            Self::Open => None,
            Self::Closed { why } | Self::StepUp { why, .. } => Some(why),
        }
    }
}

impl Why {
    /// The stable word for this reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotKnownYet => "not_known_yet",
            Self::SignedOut => "signed_out",
            Self::MissingRole(_) => "missing_role",
            Self::MissingScope(_) => "missing_scope",
            Self::MissingPermission(_) => "missing_permission",
            Self::OtherClaim(_) => "other_claim",
            Self::NotGenuine => "not_genuine",
            Self::Unconfirmed => "unconfirmed",
            Self::TooOld(_) => "too_old",
            Self::MissingAssurance(_) => "missing_assurance",
            Self::SignedInTooLongAgo(_) => "signed_in_too_long_ago",
            Self::SignInTimeUnknown => "sign_in_time_unknown",
            Self::Excluded => "excluded",
        }
    }

    /// A sentence that a UI can show.
    pub fn sentence(&self) -> String {
        match self {
            Self::NotKnownYet => "Checking whether you are signed in.".to_owned(),
            Self::SignedOut => "Sign in to see this.".to_owned(),
            Self::MissingRole(role) => format!("This needs the role {role}, which you do not have."),
            Self::MissingScope(scope) => format!("This needs the permission {scope}, which you do not have."),
            Self::MissingPermission(name) => format!("This needs the permission {name}, which you do not have."),
            Self::OtherClaim(name) => format!("This is not meant for accounts like yours ({name})."),
            Self::NotGenuine => "Your token did not come from the server, so nothing in it counts.".to_owned(),
            Self::Unconfirmed => "The server could not be asked lately whether you may see this.".to_owned(),
            Self::TooOld(within) => format!("What you may see was last confirmed more than {} ago.", span(*within)),
            Self::MissingAssurance(level) => format!("Confirm that it is you ({level}) to see this."),
            Self::SignedInTooLongAgo(within) => {
                format!("You signed in more than {} ago. Confirm that it is you to see this.", span(*within))
            }
            Self::SignInTimeUnknown => "The server does not say when you signed in.".to_owned(),
            Self::Excluded => "This is not meant for your account.".to_owned(),
        }
    }
}

fn span(seconds: u32) -> String {
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        _ => (seconds / 3600, "hour"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}
