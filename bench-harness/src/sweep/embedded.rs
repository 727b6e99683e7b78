//! Plans that come with the program.

/// A plan: its name, and its text.
#[derive(Clone, Copy, Debug)]
pub struct Embedded {
    /// Its name.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

impl Embedded {
    /// What it asks: the first sentence of its comment.
    pub fn about(&self) -> String {
        let comment = self.text.lines().take_while(|line| line.starts_with('#'));
        let text: Vec<&str> = comment.map(|line| line.trim_start_matches(['#', ' '])).collect();
        let text = text.join(" ");
        let end = text.find(". ").map_or(text.len(), |end| end + 1);
        text[..end].trim_end_matches('.').to_owned()
    }
}

macro_rules! embed {
    ($($name:literal),+ $(,)?) => {
        [$(Embedded { name: $name, text: include_str!(concat!("../../plans/", $name, ".toml")) }),+]
    };
}

/// Every embedded plan.
pub const PLANS: [Embedded; 12] = embed![
    "burst",
    "contagion",
    "deleveraging",
    "fund-size",
    "griefing",
    "haircuts",
    "hedge",
    "hunt",
    "maker-depth",
    "queue-keys",
    "spiral",
    "split",
];

/// The embedded plan of a name.
pub fn find(name: &str) -> Option<&'static Embedded> {
    PLANS.iter().find(|plan| plan.name == name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::sweep::Plan;

    #[test]
    fn every_embedded_plan_is_one() {
        for plan in PLANS {
            let loaded = Plan::load(Path::new(plan.name)).expect("it loads");
            assert!(loaded.points.len() > 1 && loaded.seeds.len() >= 30, "{}", plan.name);
            assert!(!plan.about().is_empty());
        }
    }
}
