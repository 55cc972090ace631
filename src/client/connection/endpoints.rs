//! Where to dial.

use crate::client::rng::Rng;

/// The URLs of one deepstream cluster, of which any will do.
///
/// Each client starts with a random one, so that a fleet spreads, and goes on to the next after a failed attempt.
#[derive(Debug, Default)]
pub struct Endpoints {
    urls: Vec<Box<str>>,
    current: usize,
    /// Those, by bit, that the browser makes no socket for.
    refused: u64,
    /// Where the server sent the client, for this attempt and the connection that comes of it.
    redirected: Option<Box<str>>,
}

impl Endpoints {
    /// The URLs, of which there must be one at least.
    pub fn new(given: &[&str], rng: &mut Rng) -> Self {
        let current = if given.len() > 1 { (rng.next_u64() % given.len() as u64) as usize } else { 0 };
        let mut urls = Vec::new();
        given.iter().for_each(|url| urls.push((*url).into()));
        Self { urls, current, refused: 0, redirected: None }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.urls.len() as u32
    }

    /// The URL that was given, whatever the server redirected to.
    pub fn original(&self) -> &str {
        self.urls.get(self.current).map_or("", |url| url)
    }

    /// The URL to dial.
    pub fn url(&self) -> &str {
        self.redirected.as_deref().unwrap_or_else(|| self.original())
    }

    /// The server sends the client elsewhere.
    pub fn redirect(&mut self, url: Box<str>) {
        self.redirected = Some(url);
    }

    /// The browser makes no socket for the URL; says whether it makes none for any that was given.
    pub fn refuse(&mut self) -> bool {
        if self.redirected.is_none() {
            self.refused |= 1 << (self.current % 64);
        }
        self.refused.count_ones() >= self.count()
    }

    /// A connection is over: back to the URLs that were given.
    pub fn forget_redirect(&mut self) {
        self.redirected = None;
    }

    /// An attempt failed: the next one in turn.
    pub fn advance(&mut self) {
        self.redirected = None;
        self.current = (self.current + 1) % self.urls.len().max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three(seed: u64) -> Endpoints {
        Endpoints::new(&["a", "b", "c"], &mut Rng::new(seed))
    }

    #[test]
    fn a_fleet_spreads_over_all_of_them() {
        let mut starts: Vec<_> = (0..50).map(|seed| three(seed).url().to_owned()).collect();
        starts.sort();
        starts.dedup();
        assert_eq!(starts, ["a", "b", "c"]);
    }

    #[test]
    fn each_has_its_turn_and_a_redirect_is_forgotten() {
        let mut endpoints = three(1);
        let first = endpoints.url().to_owned();
        endpoints.redirect("elsewhere".into());
        assert_eq!(endpoints.url(), "elsewhere");
        assert_eq!(endpoints.original(), first);
        endpoints.advance();
        let second = endpoints.url().to_owned();
        endpoints.advance();
        let third = endpoints.url().to_owned();
        endpoints.advance();
        assert_eq!(endpoints.url(), first);
        let mut seen = [first, second, third];
        seen.sort();
        assert_eq!(seen, ["a", "b", "c"]);
    }
}
