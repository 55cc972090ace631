//! What the page tells: it woke, the network came or went, it is leaving.

use super::{
    CloseKind, CloseReason, Connection, Context,
    phase::{Phase, Step},
};
use crate::client::{
    io::PageSignal,
    limits::{HINT_QUIET_MS, YOUNG_ATTEMPT_MS},
};

impl Connection {
    /// The page has something to say. It never reopens what the application closed or paused, and never keeps the client
    /// from trying: whether there is a network is for the network to tell.
    #[inline(never)]
    pub fn on_page(&mut self, context: &mut Context, signal: PageSignal) {
        if let PageSignal::Offline = signal {
            self.offline_suspected = true;
        }
        let is_news = self.session().is_some() || self.is_news(context, signal);
        match (&mut self.phase, signal) {
            (Phase::Idle { .. } | Phase::Paused(_) | Phase::Stopped(_) | Phase::Closed, _) => {}
            (Phase::Hidden, PageSignal::Woke | PageSignal::Online) => {
                self.backoff.reset();
                self.dial(context);
            }
            (Phase::Hidden, _) => {}
            (_, PageSignal::Left) => {
                self.let_go(context, CloseReason::of(CloseKind::PageHidden, true));
                self.enter(context, Phase::Hidden);
            }
            // One wake-up gives several signs. A change of network is another matter: what was heard came over the old one.
            (Phase::Open { heartbeat, .. }, PageSignal::Woke) => {
                let beat = heartbeat.wake(context.now, &context.pings);
                self.on_beat(context, beat);
            }
            (Phase::Open { heartbeat, .. }, _) => {
                let beat = heartbeat.probe(context.now, &context.pings);
                self.on_beat(context, beat);
            }
            (_, PageSignal::Woke | PageSignal::Online) if !is_news => {}
            (Phase::Waiting { .. } | Phase::Probing { .. }, PageSignal::Woke) => {
                self.dial(context);
            }
            (Phase::Waiting { .. } | Phase::Probing { .. }, PageSignal::Online) => self.climb_ladder(context),
            // An attempt that is given more time than usual must not keep somebody waiting who looks at the page.
            (Phase::Attempting { since, step: Step::Dialling { .. }, .. }, PageSignal::Woke)
                if context.now.since_ms(*since) >= context.options.connect_timeout_ms =>
            {
                self.let_go(context, CloseReason::of(CloseKind::Replaced, true));
                self.dial(context);
            }
            // What was sent before the network came back is probably lost.
            (Phase::Attempting { since, step: Step::Dialling { .. }, .. }, PageSignal::Online) => {
                let age_ms = context.now.since_ms(*since);
                let is_overdue = age_ms >= context.options.connect_timeout_ms;
                if is_overdue || (age_ms >= YOUNG_ATTEMPT_MS && self.backoff.may_start_ladder(context.now)) {
                    self.let_go(context, CloseReason::of(CloseKind::Replaced, true));
                    self.climb_ladder(context);
                }
            }
            _ => {}
        }
        if let PageSignal::Online = signal {
            self.offline_suspected = false;
        }
    }

    /// Whether the page has not said the same a moment ago: a hint that keeps coming back is none.
    fn is_news(&mut self, context: &Context, signal: PageSignal) -> bool {
        let Some(said_at) = self.hinted_at.get_mut(usize::from(signal == PageSignal::Woke)) else { return true };
        if let PageSignal::Left | PageSignal::Offline = signal {
            return true;
        }
        let before = said_at.replace(context.now);
        before.is_none_or(|before| context.now.since_ms(before) >= HINT_QUIET_MS)
    }

    /// The network is back: dials, and if that fails again after short waits; where it keeps coming back, only dials.
    fn climb_ladder(&mut self, context: &mut Context) {
        if self.backoff.start_ladder(context.now) {
            let urgency = super::Urgency::AtOnce;
            // The first rung is no wait, so the answer only matters for counting; attempts just began anew.
            let _ = self.backoff.next_delay_ms(&context.options, self.endpoints.count(), urgency, &mut context.rng);
        } else {
            self.backoff.leave_ladder();
        }
        self.dial(context);
    }
}
