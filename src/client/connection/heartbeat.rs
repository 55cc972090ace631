//! Whether the server is still there.

use crate::{
    client::{
        limits::{HEARD_LATELY_MS, LATE_TIMER_MS, PING_ANSWER_MAX_MS, PROBE_ANSWER_MS, ROUND_TRIP_MAX_MS},
        options::Options,
        pings::Pings,
        time::{Instant, Wake},
    },
    queue::Queue,
};

/// The heartbeat of one session, from login to loss.
///
/// A PING goes out every `heartbeatInterval`. If its answer is late a second one follows at once; if that stays
/// unanswered too, the server is gone. When the page may have slept, a probe asks the same with less patience.
///
/// A slow link is not a dead one. An answer may take as long as the last one did. The wait for it begins when what was
/// sent before has had time to leave, and goes on while the browser's buffer empties. Frames that keep arriving stretch
/// it, since the answer may be queued behind them; so does an awaited answer that may be long, because a browser tells
/// nothing of a message before all of it is there. Each of these has a bound.
#[derive(Debug, Default)]
pub struct Heartbeat {
    interval_ms: u64,
    next_ping: Instant,
    unanswered: Option<Unanswered>,
    /// When the PINGs were sent that are not answered, and after how many bytes; oldest first.
    sent: Queue<(Instant, u64)>,
    last_frame: Instant,
    /// When to make a probe that was put off because the server had just been heard.
    probe_at: Option<Instant>,
    round_trip_ms: Option<u64>,
    /// How long an answer takes, as far as is known.
    expected_ms: u64,
    /// What the browser had not sent when it was last asked, in bytes.
    buffered: u64,
    /// How many bytes it had sent by then.
    left: u64,
    /// When it was last seen to send some of what it had held back.
    moved_at: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Unanswered {
    pings: u8,
    /// When the oldest unanswered PING was sent.
    since: Instant,
    /// When what was sent before that has left, even on a slow link.
    leaves_at: Instant,
    deadline: Instant,
    /// How long the answer to each PING may take.
    answer_ms: u64,
    is_probe: bool,
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
    /// Starts counting at login. An answer of the handshake took so long.
    pub fn new(now: Instant, options: &Options, expected_ms: u64) -> Self {
        let interval_ms = options.heartbeat_interval_ms;
        Self {
            interval_ms,
            next_ping: now.after_ms(interval_ms),
            last_frame: now,
            expected_ms,
            moved_at: now,
            ..Self::default()
        }
    }

    /// When to look again, and why.
    pub fn deadline(&self) -> (Instant, Wake) {
        let next = match self.unanswered {
            Some(unanswered) => (unanswered.deadline, Wake::PingAnswer),
            None => (self.next_ping, Wake::Ping),
        };
        self.probe_at.map_or(next, |at| next.min((at, Wake::Ping)))
    }

    /// Time from the last answered PING to its PONG, in milliseconds.
    pub const fn round_trip_ms(&self) -> Option<u64> {
        self.round_trip_ms
    }

    /// Any frame arrived: the link lives.
    pub fn on_frame(&mut self, now: Instant) {
        self.last_frame = now;
        self.probe_at = None;
        if let Some(unanswered) = &mut self.unanswered {
            let latest = unanswered.since.after_ms(2 * self.interval_ms);
            unanswered.deadline = unanswered.deadline.max(now.after_ms(unanswered.answer_ms).min(latest));
        }
    }

    /// A PING was sent, whatever for.
    pub fn on_ping_sent(&mut self, now: Instant, pings: &Pings) {
        self.sent.push_back((now, pings.bytes));
    }

    /// A PONG arrived: the server lives, and has what was sent before the PING.
    pub fn on_pong(&mut self, now: Instant, pings: &mut Pings) {
        self.unanswered = None;
        if let Some(sent) = self.sent.pop_front() {
            let (sent_at, bytes) = *sent;
            self.expected_ms = now.since_ms(sent_at);
            self.round_trip_ms = Some(self.expected_ms);
            pings.round_trip_ms = pings.round_trip_ms.min(self.expected_ms);
            pings.arrived(now, bytes);
        }
    }

    /// So many bytes of what was sent have not left the browser.
    pub const fn on_buffered(&mut self, now: Instant, bytes: u64, pings: &Pings) {
        let left = pings.bytes.saturating_sub(bytes);
        // What was not seen to wait says nothing: the operating system takes a little on a dead link too.
        if self.buffered > 0 && left > self.left {
            self.moved_at = now;
        }
        (self.buffered, self.left) = (bytes, left);
    }

    /// The page woke. Where the server was heard too recently for the page to have slept since, it is asked a little
    /// later, unless it is heard again until then.
    pub fn wake(&mut self, now: Instant, pings: &Pings) -> Beat {
        if now.since_ms(self.last_frame) < PROBE_ANSWER_MS {
            self.probe_at = Some(self.last_frame.after_ms(PROBE_ANSWER_MS));
            return Beat::Rest;
        }
        self.probe(now, pings)
    }

    /// The link may have died unnoticed: asks the server now, and waits less long than usual. A server that is being
    /// asked already is left alone.
    pub fn probe(&mut self, now: Instant, pings: &Pings) -> Beat {
        self.probe_at = None;
        if self.unanswered.is_some_and(|unanswered| unanswered.is_probe) {
            return Beat::Rest;
        }
        self.unanswered = None;
        self.ping(now, pings, true)
    }

    /// A PING goes out for another reason; unless one is unanswered already, it is a heartbeat as well.
    pub fn ask(&mut self, now: Instant, pings: &Pings) {
        if self.unanswered.is_none() {
            self.ping(now, pings, false);
        }
    }

    /// Whether so much was sent since the last PING that another one is worth it: its answer tells that it has left.
    pub fn is_in_the_dark(&self, pings: &Pings) -> bool {
        self.sent.is_empty() && pings.is_much_unknown()
    }

    /// Time has passed. Where the server owes an answer that may be long, `silence_ms` says how long nothing may be heard.
    pub fn on_tick(&mut self, now: Instant, pings: &Pings, silence_ms: &mut dyn FnMut() -> Option<u64>) -> Beat {
        // Another probe may be unanswered, and overdue by now.
        if self.probe_at.is_some_and(|at| at <= now) && self.probe(now, pings) == Beat::SendPing {
            return Beat::SendPing;
        }
        let (deadline, _) = self.deadline();
        if now < deadline {
            return Beat::Rest;
        }
        let late = now.since_ms(deadline) >= LATE_TIMER_MS;
        let Some(mut unanswered) = self.unanswered else { return self.ping(now, pings, late) };
        let waits_until = self.waits_until(&unanswered, pings, silence_ms());
        if now < waits_until {
            unanswered.deadline = waits_until;
        } else if late && !unanswered.excused {
            unanswered.excused = true;
            unanswered.answer_ms = unanswered.answer_ms.min(self.answer_ms(true));
            unanswered.deadline = now.after_ms(unanswered.answer_ms);
        } else if unanswered.pings >= 2 {
            return Beat::Dead;
        } else {
            return self.ping(now, pings, unanswered.is_probe);
        }
        self.unanswered = Some(unanswered);
        Beat::Rest
    }

    /// How long a PING is not called unanswered although its time is up.
    fn waits_until(&self, unanswered: &Unanswered, pings: &Pings, silence_ms: Option<u64>) -> Instant {
        let left = unanswered.leaves_at.max(self.moved_at).after_ms(unanswered.answer_ms);
        // Asked of a server that may have been gone already, nothing is on its way.
        let heard_until = self.last_frame.after_ms(HEARD_LATELY_MS);
        let Some(silence_ms) = silence_ms.filter(|_| pings.asked_at.is_none_or(|at| at <= heard_until)) else {
            return left;
        };
        let latest = unanswered.since.after_ms(5 * silence_ms);
        left.max(self.last_frame.after_ms(silence_ms).min(latest))
    }

    /// How long an answer may take.
    fn answer_ms(&self, is_probe: bool) -> u64 {
        let usual_ms = if is_probe { PROBE_ANSWER_MS } else { self.interval_ms.min(PING_ANSWER_MAX_MS) };
        usual_ms.max(self.expected_ms.min(ROUND_TRIP_MAX_MS))
    }

    fn ping(&mut self, now: Instant, pings: &Pings, is_probe: bool) -> Beat {
        let earlier = self.unanswered;
        let answer_ms = earlier.map_or_else(|| self.answer_ms(is_probe), |earlier| earlier.answer_ms);
        self.unanswered = Some(Unanswered {
            pings: earlier.map_or(0, |earlier| earlier.pings) + 1,
            since: earlier.map_or(now, |earlier| earlier.since),
            leaves_at: earlier.map_or(pings.leaves_at, |earlier| earlier.leaves_at),
            deadline: now.after_ms(answer_ms),
            answer_ms,
            is_probe,
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

    /// A heartbeat with what was sent beside it.
    struct Rig {
        heartbeat: Heartbeat,
        pings: Pings,
        silence_ms: Option<u64>,
    }

    impl Rig {
        fn with(options: &Options, expected_ms: u64) -> Self {
            let heartbeat = Heartbeat::new(at(0), options, expected_ms);
            Self { heartbeat, pings: Pings::of_session(expected_ms), silence_ms: None }
        }

        fn send(&mut self, now: u64, bytes: u64) {
            self.pings.sends(at(now), bytes);
        }

        fn carry_out(&mut self, now: u64, beat: Beat) -> Beat {
            if beat == Beat::SendPing {
                self.heartbeat.on_ping_sent(at(now), &self.pings);
            }
            beat
        }

        fn on_tick(&mut self, now: u64) -> Beat {
            let silence_ms = self.silence_ms;
            let beat = self.heartbeat.on_tick(at(now), &self.pings, &mut || silence_ms);
            self.carry_out(now, beat)
        }

        fn probe(&mut self, now: u64) -> Beat {
            let beat = self.heartbeat.probe(at(now), &self.pings);
            self.carry_out(now, beat)
        }

        fn on_pong(&mut self, now: u64) {
            self.heartbeat.on_frame(at(now));
            self.heartbeat.on_pong(at(now), &mut self.pings);
        }

        /// When the server counts as gone, if nothing more is heard.
        fn dead_at(&mut self) -> u64 {
            loop {
                let now = self.heartbeat.deadline().0.as_ms();
                if self.on_tick(now) == Beat::Dead {
                    return now;
                }
            }
        }
    }

    fn heartbeat() -> Rig {
        Rig::with(&Options::default(), 0)
    }

    #[test]
    fn a_probe_that_was_put_off_does_not_hide_that_another_is_overdue() {
        let mut heartbeat = heartbeat();
        assert_eq!(heartbeat.probe(1_000), Beat::SendPing);
        heartbeat.heartbeat.on_frame(at(1_000));
        assert_eq!(heartbeat.heartbeat.wake(at(1_001), &heartbeat.pings), Beat::Rest);
        assert_eq!(heartbeat.heartbeat.deadline().0, at(2_200));
        assert_eq!(heartbeat.on_tick(2_200), Beat::SendPing);
        assert!(heartbeat.heartbeat.deadline().0 > at(2_200));
    }

    #[test]
    fn an_answered_heartbeat_wakes_once_per_interval() {
        let mut heartbeat = heartbeat();
        for beat in 1..100 {
            assert_eq!(heartbeat.heartbeat.deadline(), (at(beat * 30_000), Wake::Ping));
            assert_eq!(heartbeat.on_tick(beat * 30_000), Beat::SendPing);
            heartbeat.on_pong(beat * 30_000 + 40);
            assert_eq!(heartbeat.heartbeat.round_trip_ms(), Some(40));
        }
    }

    #[test]
    fn two_unanswered_pings_are_the_end_within_an_interval_and_the_answer_times() {
        let mut heartbeat = heartbeat();
        assert_eq!(heartbeat.on_tick(29_999), Beat::Rest);
        assert_eq!(heartbeat.on_tick(30_000), Beat::SendPing);
        assert_eq!(heartbeat.on_tick(34_999), Beat::Rest);
        assert_eq!(heartbeat.on_tick(35_000), Beat::SendPing);
        assert_eq!(heartbeat.on_tick(39_999), Beat::Rest);
        assert_eq!(heartbeat.on_tick(40_000), Beat::Dead);
    }

    #[test]
    fn an_answer_to_the_second_ping_saves_the_connection() {
        let mut heartbeat = heartbeat();
        heartbeat.on_tick(30_000);
        heartbeat.on_tick(35_000);
        heartbeat.on_pong(36_000);
        assert_eq!(heartbeat.heartbeat.deadline(), (at(65_000), Wake::Ping));
    }

    #[test]
    fn a_timer_that_comes_late_is_excused_once() {
        let mut heartbeat = heartbeat();
        heartbeat.on_tick(30_000);
        heartbeat.on_tick(35_000);
        assert_eq!(heartbeat.on_tick(3_600_000), Beat::Rest, "the page slept");
        assert_eq!(heartbeat.on_tick(3_605_000), Beat::Dead);
    }

    #[test]
    fn frames_stretch_the_wait_but_not_for_ever() {
        let mut heartbeat = heartbeat();
        heartbeat.on_tick(30_000);
        let mut now = 30_000;
        let mut beats = Vec::new();
        while now < 100_000 {
            now += 500;
            heartbeat.heartbeat.on_frame(at(now));
            match heartbeat.on_tick(now) {
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
        let mut heartbeat = Rig::with(&Options { heartbeat_interval_ms: 100, ..Options::default() }, 0);
        assert_eq!(heartbeat.on_tick(100), Beat::SendPing);
        assert_eq!(heartbeat.on_tick(200), Beat::SendPing);
        assert_eq!(heartbeat.on_tick(300), Beat::Dead);
    }

    #[test]
    fn an_answer_may_take_as_long_as_the_last_one_did() {
        let mut heartbeat = Rig::with(&Options { heartbeat_interval_ms: 1_000, ..Options::default() }, 2_600);
        assert_eq!(heartbeat.dead_at(), 1_000 + 2 * 2_600, "the handshake has shown it");

        let mut heartbeat = self::heartbeat();
        heartbeat.on_tick(30_000);
        heartbeat.on_pong(32_600);
        assert_eq!(heartbeat.probe(40_000), Beat::SendPing);
        assert_eq!(heartbeat.dead_at(), 40_000 + 2 * 2_600);
    }

    #[test]
    fn what_answers_an_earlier_ping_does_not_make_the_round_trip_shorter() {
        let mut heartbeat = Rig::with(&Options::default(), 2_600);
        heartbeat.on_tick(30_000);
        heartbeat.probe(32_000);
        heartbeat.on_pong(32_600);
        assert_eq!(heartbeat.heartbeat.round_trip_ms(), Some(2_600));
        heartbeat.on_pong(34_600);
        assert_eq!(heartbeat.heartbeat.round_trip_ms(), Some(2_600));
    }

    #[test]
    fn what_was_sent_before_has_its_time_to_leave() {
        let mut heartbeat = heartbeat();
        heartbeat.send(29_999, 320_000);
        assert_eq!(heartbeat.dead_at(), 29_999 + 20_000 + 2 * 5_000);

        let mut heartbeat = self::heartbeat();
        heartbeat.send(29_999, 100_000_000);
        assert_eq!(heartbeat.dead_at(), 29_999 + 60_000 + 2 * 5_000, "but not for ever");

        let mut heartbeat = self::heartbeat();
        heartbeat.send(29_999, 320_000);
        heartbeat.on_tick(30_000);
        heartbeat.on_pong(31_000);
        assert_eq!(heartbeat.probe(31_500), Beat::SendPing);
        assert_eq!(heartbeat.dead_at(), 31_500 + 2 * 1_200, "the PONG says that it has left");
    }

    #[test]
    fn what_is_sent_after_a_ping_is_no_excuse_for_it() {
        let mut heartbeat = heartbeat();
        heartbeat.on_tick(30_000);
        heartbeat.send(30_001, 320_000);
        assert_eq!(heartbeat.dead_at(), 40_000);
    }

    #[test]
    fn as_long_as_the_buffer_empties_the_link_lives() {
        let mut heartbeat = heartbeat();
        heartbeat.send(0, 10_000_000);
        let mut waiting = 10_000_000;
        let mut now = 0;
        while waiting > 0 {
            now = heartbeat.heartbeat.deadline().0.as_ms();
            waiting = 10_000_000_u64.saturating_sub(now * 40);
            heartbeat.heartbeat.on_buffered(at(now), waiting, &heartbeat.pings);
            assert_ne!(heartbeat.on_tick(now), Beat::Dead, "{now}");
        }
        assert!(now >= 250_000);
        assert!(heartbeat.dead_at() <= now + 2 * 5_000, "then it is judged like any");

        let mut stuck = self::heartbeat();
        stuck.send(0, 10_000_000);
        for now in [30_000, 35_000, 65_000] {
            stuck.heartbeat.on_buffered(at(now), 9_000_000, &stuck.pings);
            stuck.on_tick(now);
        }
        assert_eq!(stuck.dead_at(), 70_000);
    }

    #[test]
    fn an_awaited_answer_may_be_long_where_the_server_was_just_there() {
        let awaited = |silence_ms| Rig { silence_ms: Some(silence_ms), ..heartbeat() };
        let mut heartbeat = awaited(60_000);
        heartbeat.pings.asked_at = Some(at(4_000));
        assert_eq!(heartbeat.dead_at(), 60_000 + 5_000, "counted from the last frame");

        let mut heartbeat = awaited(120_000);
        heartbeat.pings.asked_at = Some(at(4_000));
        assert_eq!(heartbeat.dead_at(), 120_000 + 5_000, "what was not enough is doubled");

        let mut heartbeat = awaited(60_000);
        heartbeat.pings.asked_at = Some(at(6_000));
        assert_eq!(heartbeat.dead_at(), 40_000, "it may have been gone already");
    }

    #[test]
    fn a_page_that_wakes_asks_once_the_last_frame_is_old_enough() {
        let mut heartbeat = heartbeat();
        heartbeat.heartbeat.on_frame(at(10_000));
        assert_eq!(heartbeat.heartbeat.wake(at(10_500), &heartbeat.pings), Beat::Rest);
        assert_eq!(heartbeat.heartbeat.deadline(), (at(11_200), Wake::Ping));
        assert_eq!(heartbeat.on_tick(11_200), Beat::SendPing);
        assert_eq!(heartbeat.dead_at(), 11_200 + 2 * 1_200);

        let mut heartbeat = self::heartbeat();
        heartbeat.heartbeat.wake(at(500), &heartbeat.pings);
        heartbeat.heartbeat.on_frame(at(600));
        assert_eq!(heartbeat.heartbeat.deadline(), (at(30_000), Wake::Ping), "it was heard meanwhile");
    }
}
