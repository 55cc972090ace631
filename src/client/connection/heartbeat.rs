//! Whether the server is still there.

use crate::client::{
    io::Wake,
    limits::{LATE_TIMER_MS, PING_ANSWER_MAX_MS, PROBE_ANSWER_MS},
    options::Options,
    time::Instant,
};

/// The heartbeat of one session, from login to loss.
///
/// A PING goes out every `heartbeatInterval`. If its answer is late a second one follows at once; if that stays
/// unanswered too, the server is gone. Frames that keep arriving stretch the wait, since the answer may be queued
/// behind them, but not beyond two intervals. When the page may have slept, a probe asks the same with less patience.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    interval_ms: u64,
    next_ping: Instant,
    unanswered: Option<Unanswered>,
    last_frame: Instant,
    round_trip_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Unanswered {
    pings: u8,
    /// When the oldest unanswered PING was sent.
    since: Instant,
    deadline: Instant,
    /// How long the answer to each PING may take.
    answer_ms: u64,
    /// Whether the wait was already stretched because the page did not run.
    excused: bool,
}

/// What a heartbeat wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// Nothing yet.
    Rest,
    /// Send a PING.
    SendPing,
    /// The server is gone.
    Dead,
}

impl Heartbeat {
    /// Starts counting at login.
    pub fn new(now: Instant, options: &Options) -> Self {
        let interval_ms = options.heartbeat_interval_ms;
        Self {
            interval_ms,
            next_ping: now.after_ms(interval_ms),
            unanswered: None,
            last_frame: now,
            round_trip_ms: None,
        }
    }

    /// When to look again, and why.
    pub fn deadline(&self) -> (Instant, Wake) {
        match self.unanswered {
            Some(unanswered) => (unanswered.deadline, Wake::PingAnswer),
            None => (self.next_ping, Wake::Ping),
        }
    }

    /// Time from the last answered PING to its PONG, in milliseconds.
    pub const fn round_trip_ms(&self) -> Option<u64> {
        self.round_trip_ms
    }

    /// Any frame arrived: the link lives.
    pub fn on_frame(&mut self, now: Instant) {
        self.last_frame = now;
        if let Some(unanswered) = &mut self.unanswered {
            let latest = unanswered.since.after_ms(2 * self.interval_ms);
            unanswered.deadline = unanswered.deadline.max(now.after_ms(unanswered.answer_ms).min(latest));
        }
    }

    /// A PONG arrived: the server lives.
    pub fn on_pong(&mut self, now: Instant) {
        if let Some(unanswered) = self.unanswered.take() {
            self.round_trip_ms = Some(now.since_ms(unanswered.since));
        }
    }

    /// Whether the server was heard too recently for the page to have slept since.
    pub const fn just_heard(&self, now: Instant) -> bool {
        now.since_ms(self.last_frame) < PROBE_ANSWER_MS
    }

    /// The link may have died unnoticed: asks the server now, and waits less long than usual. A server that is being
    /// asked already is left alone.
    pub fn probe(&mut self, now: Instant) -> Beat {
        if self.unanswered.is_some_and(|unanswered| unanswered.answer_ms <= PROBE_ANSWER_MS) {
            return Beat::Rest;
        }
        self.unanswered = None;
        self.ping(now, PROBE_ANSWER_MS)
    }

    /// A PING goes out for another reason; unless one is unanswered already, it is a heartbeat as well.
    pub fn ask(&mut self, now: Instant) {
        if self.unanswered.is_none() {
            self.ping(now, self.interval_ms.min(PING_ANSWER_MAX_MS));
        }
    }

    /// Time has passed.
    pub fn on_tick(&mut self, now: Instant) -> Beat {
        let (deadline, _) = self.deadline();
        if now < deadline {
            return Beat::Rest;
        }
        let late = now.since_ms(deadline) >= LATE_TIMER_MS;
        let answer_ms = self.interval_ms.min(PING_ANSWER_MAX_MS);
        match &mut self.unanswered {
            Some(unanswered) if late && !unanswered.excused => {
                unanswered.excused = true;
                unanswered.answer_ms = unanswered.answer_ms.min(PROBE_ANSWER_MS);
                unanswered.deadline = now.after_ms(unanswered.answer_ms);
                Beat::Rest
            }
            Some(Unanswered { pings: 2.., .. }) => Beat::Dead,
            Some(unanswered) => {
                let answer_ms = unanswered.answer_ms;
                self.ping(now, answer_ms)
            }
            None if late => self.ping(now, answer_ms.min(PROBE_ANSWER_MS)),
            None => self.ping(now, answer_ms),
        }
    }

    fn ping(&mut self, now: Instant, answer_ms: u64) -> Beat {
        let earlier = self.unanswered;
        self.unanswered = Some(Unanswered {
            pings: earlier.map_or(0, |earlier| earlier.pings) + 1,
            since: earlier.map_or(now, |earlier| earlier.since),
            deadline: now.after_ms(answer_ms),
            answer_ms,
            excused: false,
        });
        self.next_ping = now.after_ms(self.interval_ms);
        Beat::SendPing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    fn heartbeat() -> Heartbeat {
        Heartbeat::new(at(0), &Options::default())
    }

    #[test]
    fn an_answered_heartbeat_wakes_once_per_interval() {
        let mut heartbeat = heartbeat();
        for beat in 1..100 {
            assert_eq!(heartbeat.deadline(), (at(beat * 30_000), Wake::Ping));
            assert_eq!(heartbeat.on_tick(at(beat * 30_000)), Beat::SendPing);
            heartbeat.on_pong(at(beat * 30_000 + 40));
            assert_eq!(heartbeat.round_trip_ms(), Some(40));
        }
    }

    #[test]
    fn two_unanswered_pings_are_the_end_within_an_interval_and_the_answer_times() {
        let mut heartbeat = heartbeat();
        assert_eq!(heartbeat.on_tick(at(29_999)), Beat::Rest);
        assert_eq!(heartbeat.on_tick(at(30_000)), Beat::SendPing);
        assert_eq!(heartbeat.on_tick(at(34_999)), Beat::Rest);
        assert_eq!(heartbeat.on_tick(at(35_000)), Beat::SendPing);
        assert_eq!(heartbeat.on_tick(at(39_999)), Beat::Rest);
        assert_eq!(heartbeat.on_tick(at(40_000)), Beat::Dead);
    }

    #[test]
    fn an_answer_to_the_second_ping_saves_the_connection() {
        let mut heartbeat = heartbeat();
        heartbeat.on_tick(at(30_000));
        heartbeat.on_tick(at(35_000));
        heartbeat.on_pong(at(36_000));
        assert_eq!(heartbeat.deadline(), (at(65_000), Wake::Ping));
    }

    #[test]
    fn a_timer_that_comes_late_is_excused_once() {
        let mut heartbeat = heartbeat();
        heartbeat.on_tick(at(30_000));
        heartbeat.on_tick(at(35_000));
        assert_eq!(heartbeat.on_tick(at(3_600_000)), Beat::Rest, "the page slept");
        assert_eq!(heartbeat.on_tick(at(3_605_000)), Beat::Dead);
    }

    #[test]
    fn frames_stretch_the_wait_but_not_for_ever() {
        let mut heartbeat = heartbeat();
        heartbeat.on_tick(at(30_000));
        let mut now = 30_000;
        let mut beats = Vec::new();
        while now < 100_000 {
            now += 500;
            heartbeat.on_frame(at(now));
            match heartbeat.on_tick(at(now)) {
                Beat::Rest => {}
                beat => beats.push((now, beat)),
            }
            if beats.last().is_some_and(|(_, beat)| *beat == Beat::Dead) {
                break;
            }
        }
        assert_eq!(beats, [(90_000, Beat::SendPing), (95_000, Beat::Dead)]);
    }

    #[test]
    fn a_short_interval_shortens_the_wait_for_the_answer() {
        let mut heartbeat = Heartbeat::new(at(0), &Options { heartbeat_interval_ms: 100, ..Options::default() });
        assert_eq!(heartbeat.on_tick(at(100)), Beat::SendPing);
        assert_eq!(heartbeat.on_tick(at(200)), Beat::SendPing);
        assert_eq!(heartbeat.on_tick(at(300)), Beat::Dead);
    }
}
