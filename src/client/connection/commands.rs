//! What the application wants of the connection.

use super::{
    CloseKind, CloseReason, Connection, Context,
    phase::{Phase, Step},
};
use crate::{
    client::{
        error::{ClientError, Failure},
        io::{ConnectionState, Ticket},
    },
    wire::Topic,
};

impl Connection {
    /// `login()`: be logged in with these parameters. Says whether they are others than before.
    #[inline(never)]
    pub fn login(&mut self, context: &mut Context, ticket: Ticket, params: Option<&str>) -> bool {
        let is_refused = match &self.phase {
            Phase::Stopped(why) => {
                !matches!(why.closes(), Some(CloseKind::Authentication | CloseKind::AuthenticationTimeout))
            }
            phase => matches!(phase, Phase::Closed),
        };
        if is_refused {
            let error = self.phase.refusal(Topic::Auth);
            context.settle(ticket, Err(error));
            return false;
        }
        let changed = self.credentials.set(params, context.options.auth_params.as_ref());
        if changed {
            context.settle_all(&mut self.logins, &Err(ClientError::of(Failure::LoginSuperseded)));
        }
        if !changed && matches!(self.phase, Phase::Open { .. }) {
            context.settle(ticket, Ok(self.login_outcome()));
            return false;
        }
        self.logins.push(ticket);
        match self.phase {
            Phase::Idle { .. } => self.enter(context, Phase::Idle { connect_at: Some(context.now) }),
            Phase::AwaitingLogin { socket, .. } => {
                let deadline = context.now.after_ms(context.options.connect_timeout_ms);
                self.authenticate(context, socket, deadline);
            }
            Phase::Stopped(_) => self.dial_afresh(context),
            // The server takes one login per connection, so another one needs another connection.
            Phase::Open { .. }
            | Phase::Attempting {
                step: Step::Challenging { is_login_sent: true, .. } | Step::AwaitingAnswer | Step::Authenticating,
                ..
            }
            | Phase::Waiting { .. }
                if changed =>
            {
                self.dial_afresh(context);
            }
            _ => {}
        }
        changed
    }

    /// `close()`: let go for good.
    pub fn close(&mut self, context: &mut Context) {
        match self.phase {
            Phase::Closed => return,
            Phase::Idle { connect_at: None } => {}
            _ => self.announce(context, ConnectionState::Closing),
        }
        self.let_go(context, CloseReason::of(CloseKind::Closed, false));
        self.outage.cancel();
        self.enter(context, Phase::Closed);
        self.settle_all(context, &ClientError::is_closed(Topic::Connection, 0));
    }

    /// `pause()`: let go until `resume()`.
    pub fn pause(&mut self, context: &mut Context) {
        if matches!(self.phase, Phase::Closed | Phase::Paused(_)) {
            return;
        }
        self.announce(context, ConnectionState::Pausing);
        self.let_go(context, CloseReason::of(CloseKind::Paused, false));
        self.outage.cancel();
        let error = ClientError::of(Failure::Paused);
        self.enter(context, Phase::Paused(error.clone()));
        context.settle_all(&mut self.resumes, &Err(error));
    }

    /// `resume()`: be connected again, and start over with counting attempts.
    pub fn resume(&mut self, context: &mut Context, ticket: Ticket) {
        match self.phase {
            Phase::Closed => {
                let error = self.phase.refusal(Topic::Connection);
                context.settle(ticket, Err(error));
            }
            Phase::Open { .. } | Phase::AwaitingLogin { .. } => context.settle(ticket, Ok(None)),
            Phase::Attempting { .. } => self.resumes.push(ticket),
            _ => {
                self.resumes.push(ticket);
                self.dial_afresh(context);
            }
        }
    }
}
