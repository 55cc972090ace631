//! Where a record stands in the session of now. Each stage owns what is known in it alone.

use super::entry::Remote;
use crate::client::time::Instant;

/// Where a record stands in the session of now.
#[derive(Debug, Default)]
pub enum Stage {
    /// The server was not asked yet.
    #[default]
    Unknown,
    /// The server was not asked yet, and it is for the application to say when it is.
    Held,
    /// The server was asked for the record, which it makes if there is none.
    Loading {
        /// Whether it was deleted meanwhile: it is loaded once more when the server has answered.
        is_void: bool,
        /// Whether it is read because the answer was overdue.
        is_overdue: bool,
    },
    /// The server was asked for the version.
    Checking,
    /// The server was asked for the data.
    Reading,
    /// The data of `base` is what the server has, as far as is known.
    Synced {
        /// Whether the data was compared in this session, and not the version alone.
        is_verified: bool,
    },
    /// The server contradicts itself: it is asked again in a while.
    Waiting,
    /// The application was asked how to settle a conflict.
    Merging(Contested),
    /// The server was asked to delete it: for the application, or because it would take no writes otherwise.
    Deleting,
    /// The server refuses it.
    Denied,
}

/// A conflict that the application was asked about.
#[derive(Debug)]
pub struct Contested {
    /// The version that was written to here.
    pub version: Option<i32>,
    /// What the server had then.
    pub asked: Remote,
    /// What it has now.
    pub newer: Option<Remote>,
    /// How many of the first pending writes the answer is about.
    pub writes: usize,
}

/// How many of the first pending writes are on their way, in one message, and what is known of that.
#[derive(Debug, Default)]
pub enum InFlight {
    /// None are.
    #[default]
    Nothing,
    /// The server owes the answer.
    Awaited(usize),
    /// No answer will come, or it was not the one that settles it: the data tells whether the server has them.
    CutOff(usize),
    /// An earlier page may have sent them, or the first of them, or none.
    Guessed(usize),
}

impl InFlight {
    /// How many there are.
    pub const fn writes(&self) -> usize {
        match *self {
            Self::Nothing => 0,
            Self::Awaited(writes) | Self::CutOff(writes) | Self::Guessed(writes) => writes,
        }
    }
}

/// Who holds a record that is here.
#[derive(Debug)]
pub enum Holders {
    /// So many handles of the application, at least one.
    Some(u32),
    /// Nobody.
    None {
        /// When to let go of it.
        discard_at: Instant,
        /// Whether the application knows it for discarded, and only what is unsent keeps it here.
        is_told: bool,
    },
}

impl Default for Holders {
    fn default() -> Self {
        Self::None { discard_at: Instant::default(), is_told: false }
    }
}

impl Stage {
    /// What the server has, and nothing else was said since.
    pub const VERIFIED: Self = Self::Synced { is_verified: true };

    /// The server is asked for the record for the first time.
    pub const LOADING: Self = Self::Loading { is_void: false, is_overdue: false };

    /// Whether the server refuses the record.
    pub const fn is_denied(&self) -> bool {
        matches!(self, Self::Denied)
    }

    /// Whether what the server has is known.
    pub const fn is_synced(&self) -> bool {
        matches!(self, Self::Synced { .. })
    }

    /// Takes out the conflict that the application was asked about, if it was.
    pub fn take_contested(&mut self) -> Option<Contested> {
        match std::mem::replace(self, Self::VERIFIED) {
            Self::Merging(contested) => Some(contested),
            other => {
                *self = other;
                None
            }
        }
    }
}

impl Contested {
    /// What the server has, as far as is known.
    pub fn latest(&self) -> &Remote {
        self.newer.as_ref().unwrap_or(&self.asked)
    }
}
