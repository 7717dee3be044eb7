//! Common words that STYLE.md replaces where they name an item, a module or a field. Distinctive words: `tests/words`.

use crate::sources::Sources;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};

/// What a name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Module,
    /// A struct, enum, trait, type or union.
    Type,
    /// A function, method, constant, static or macro.
    Value,
    Field,
    Variant,
}
use Kind::{Field, Module, Type, Value, Variant};

/// A name that is not to be used: for these kinds, in files below these folders (all, if none is named), and what is said
/// in its place.
struct Private {
    name: &'static str,
    kinds: &'static [Kind],
    places: &'static [&'static str],
    instead: &'static str,
}

const fn private(
    name: &'static str,
    kinds: &'static [Kind],
    places: &'static [&'static str],
    instead: &'static str,
) -> Private {
    Private { name, kinds, places, instead }
}

const ALL: &[Kind] = &[Module, Type, Value, Field, Variant];

const PRIVATE: &[Private] = &[
    private("around", ALL, &["src/sources/", "src/sampler/"], "bypass"),
    private("Around", ALL, &[], "Bypass"),
    private("sample_around", ALL, &[], "sample_bypassing"),
    private("Look", ALL, &[], "Visibility, SampleKind, StatePoll or Appearance"),
    private("look", &[Module, Value, Field], &[], "visibility, sample_kind, state_poll or appearance"),
    private("Turn", ALL, &["src/sampler/"], "Visibility, SampleKind, StatePoll or Appearance"),
    private("turn", &[Module, Value, Field], &["src/sampler/"], "visibility, sample_kind, state_poll or appearance"),
    private("asked", ALL, &["src/"], "requested or answered"),
    private("round", ALL, &[], "host_totals"),
    private("Round", ALL, &[], "HostTotals"),
    private("page", &[Module, Value, Field], &["src/fleet/"], "arena"),
    private("Page", ALL, &["src/fleet/"], "Arena"),
    private("Part", ALL, &["src/fleet/"], "Block"),
    private("spells", ALL, &[], "run_length"),
    private("code", &[Module], &[], "quantize"),
    private("Code", ALL, &["src/fleet/"], "a quantized value"),
    private("track", ALL, &[], "series"),
    private("Track", ALL, &[], "Series"),
    private("Still", ALL, &[], "Unchanged"),
    private("still", &[Module, Value, Field], &[], "unchanged"),
    private("held", ALL, &[], "blocked"),
    private("Held", ALL, &[], "Blocked"),
    private("hold", &[Module, Field], &["src/model/", "src/fleet/", "src/sources/", "src/sampler/"], "blocked_by"),
    private("Hold", ALL, &["src/model/", "src/fleet/", "src/sources/", "src/sampler/"], "BlockedBy"),
    private("Patience", ALL, &["src/"], "AdaptiveTimeout"),
    private("patience", ALL, &["src/"], "adaptive timeout"),
    private("Left", ALL, &["src/sampler/", "src/sources/"], "AbandonedCalls"),
    private("left", &[Module, Field], &["src/sampler/", "src/sources/"], "abandoned"),
    private("leave", &[Value], &["src/sampler/", "src/sources/"], "abandon"),
    private("Line", ALL, &["src/sampler/"], "SourceThread"),
    private("line", ALL, &["src/sampler/"], "source_thread"),
    private("lines", &[Module, Value, Field], &["src/sampler/"], "source_threads"),
    private("Trouble", &[Type], &[], "AppError"),
    private("trouble", &[Module], &["src/app/"], "error"),
    private("Second", ALL, &[], "SecondSample or ProbeConnection"),
    private("Memory", &[Type], &["src/sources/libvirt/"], "PerDomainCache"),
    private("Severity", &[Type], &["src/sources/", "src/sampler/"], "FailureScope"),
    private("pulse", ALL, &[], "cheap"),
    private("dear", ALL, &[], "expensive"),
    private("free", &[Module, Value, Field], &["src/sampler/"], "local"),
    private("more", &[Module, Value, Field], &["src/sampler/", "src/sources/"], "extra"),
];

struct Visitor<'a> {
    place: &'a str,
    found: Vec<String>,
}

impl Visitor<'_> {
    fn name(&mut self, ident: &syn::Ident, kind: Kind) {
        let name = ident.unraw().to_string();
        let hit = PRIVATE.iter().find(|private| {
            let here = private.places.is_empty() || private.places.iter().any(|place| self.place.starts_with(place));
            private.name == name && private.kinds.contains(&kind) && here
        });
        if let Some(Private { instead, .. }) = hit {
            let line = ident.span().start().line;
            self.found.push(format!("{}:{line}: {kind:?} `{name}`: say {instead}", self.place));
        }
    }
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.name(&item.ident, Module);
        visit::visit_item_mod(self, item);
    }
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.name(&item.ident, Type);
        visit::visit_item_struct(self, item);
    }
    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.name(&item.ident, Type);
        visit::visit_item_enum(self, item);
    }
    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.name(&item.ident, Type);
        visit::visit_item_union(self, item);
    }
    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.name(&item.ident, Type);
        visit::visit_item_trait(self, item);
    }
    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.name(&item.ident, Type);
        visit::visit_item_type(self, item);
    }
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.name(&item.ident, Value);
        visit::visit_item_const(self, item);
    }
    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.name(&item.ident, Value);
        visit::visit_item_static(self, item);
    }
    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if let Some(ident) = &item.ident {
            self.name(ident, Value);
        }
    }
    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.name(&signature.ident, Value);
        visit::visit_signature(self, signature);
    }
    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(ident) = &field.ident {
            self.name(ident, Field);
        }
    }
    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        self.name(&variant.ident, Variant);
        visit::visit_variant(self, variant);
    }
}

/// Items with a private name in the sources of a folder (`src`).
pub(crate) fn violations(folder: &str, sources: &Sources) -> Vec<String> {
    let found = sources.paths().flat_map(|file| {
        let place = format!("{folder}/{file}");
        let mut visitor = Visitor { place: &place, found: Vec::new() };
        visitor.visit_file(&sources.tree(file));
        visitor.found
    });
    found.collect()
}
