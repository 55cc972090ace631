//! Which states may follow which, as deepstream's connectivity page and the order of the handshake have it.

use deepstream_wasm::client::ConnectionState::{self, *};

/// Whether the page of states knows the way `from` one `to` the next.
pub const fn is_legal(from: ConnectionState, to: ConnectionState) -> bool {
    match from {
        Closed => matches!(to, Initialising | Pausing),
        Initialising => matches!(to, AwaitingConnection) || is_interruption(to),
        AwaitingConnection => matches!(to, Challenging),
        Challenging => {
            let refused = matches!(to, ChallengeDenied | AuthenticationTimeout);
            matches!(to, Redirecting | AwaitingAuthentication) || refused || is_interruption(to)
        }
        Redirecting => matches!(to, AwaitingConnection) || is_interruption(to),
        AwaitingAuthentication => matches!(to, Authenticating) || is_auth_failure(to) || is_interruption(to),
        Authenticating => matches!(to, Open | AwaitingAuthentication) || is_auth_failure(to) || is_interruption(to),
        Open => is_interruption(to),
        Reconnecting => matches!(to, AwaitingConnection | Error | Pausing | Closing),
        Pausing => matches!(to, Offline),
        Offline => matches!(to, Reconnecting | Closing),
        Closing => matches!(to, Closed),
        Error | ChallengeDenied | TooManyAuthAttempts => {
            matches!(to, Reconnecting | Pausing | Closing)
        }
        // With credentials the client tries again by itself, unless its attempts are used up.
        AuthenticationTimeout => is_interruption(to),
    }
}

/// Whether a state can interrupt any attempt to be connected: the connection is lost, or the application says so.
const fn is_interruption(to: ConnectionState) -> bool {
    matches!(to, Reconnecting | Error | Pausing | Closing)
}

const fn is_auth_failure(to: ConnectionState) -> bool {
    matches!(to, TooManyAuthAttempts | AuthenticationTimeout)
}

/// Whether a client in this state has given the network up: it neither dials nor waits for anything.
pub const fn is_at_rest(state: ConnectionState) -> bool {
    matches!(state, Closed | Offline | Error | ChallengeDenied | TooManyAuthAttempts | AuthenticationTimeout)
}

/// Whether sockets may be opened in this state.
pub const fn is_dialling(state: ConnectionState) -> bool {
    matches!(state, Initialising | Reconnecting | Redirecting)
}
