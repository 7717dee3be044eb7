//! Every path that a file mentions: in imports, types, expressions, patterns, attributes and the input of macros.
//!
//! Method calls name no path and do not count.

use crate::crate_map::{Space, imports, is_test};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};

/// A path that stands in a file.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    /// The module in which it stands.
    pub(crate) module: String,
    pub(crate) file: String,
    pub(crate) line: usize,
    /// Its segments, without generic arguments.
    pub(crate) path: Vec<String>,
    /// Which kind of name its last segment is.
    pub(crate) space: Space,
    /// True for a leaf of a `use`, which can name a module.
    pub(crate) import: bool,
    /// True within `cfg(test)`.
    pub(crate) test: bool,
}

/// All paths of a file whose module is `module`.
pub(crate) fn references(module: &str, file: &str, tree: &syn::File, test: bool) -> Vec<Reference> {
    let mut visitor = Visitor {
        file,
        module: module.to_owned(),
        test,
        bound: BTreeSet::new(),
        local_imports: Vec::new(),
        found: Vec::new(),
    };
    visitor.visit_file(tree);
    visitor.found
}

struct Visitor<'a> {
    file: &'a str,
    module: String,
    test: bool,
    /// Names that the function binds (parameters, `let`, patterns).
    bound: BTreeSet<String>,
    /// Imports of the blocks around, innermost last.
    local_imports: Vec<BTreeMap<String, Vec<String>>>,
    found: Vec<Reference>,
}

impl Visitor<'_> {
    fn add(&mut self, path: &[String], space: Space, line: usize, import: bool) {
        let local = self.local_imports.iter().rev().find_map(|names| names.get(&path[0]));
        let path = match local {
            Some(full) if !import => [full, &path[1..]].concat(),
            _ => path.to_vec(),
        };
        let (module, file) = (self.module.clone(), self.file.to_owned());
        self.found.push(Reference { module, file, line, path, space, import, test: self.test });
    }

    fn path(&mut self, path: &syn::Path, space: Space, called: bool) {
        if path.leading_colon.is_none() {
            let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect();
            let variable = names.len() == 1 && space == Space::Value && !called && self.bound.contains(&names[0]);
            if !variable && names[0] != "Self" {
                self.add(&names, space, path.segments[0].ident.span().start().line, false);
            }
        }
        visit::visit_path(self, path);
    }

    fn within(&mut self, attributes: &[syn::Attribute], inner: impl FnOnce(&mut Self)) {
        let before = self.test;
        self.test |= is_test(attributes);
        inner(self);
        self.test = before;
    }

    fn function(&mut self, binds: impl FnOnce(&mut Bound), inner: impl FnOnce(&mut Self)) {
        let mut bound = Bound(self.bound.clone());
        binds(&mut bound);
        let before = std::mem::replace(&mut self.bound, bound.0);
        inner(self);
        self.bound = before;
    }

    /// Paths in the input of a macro or an attribute, which need not be Rust's syntax.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let sign =
            |at: usize, sought: char| matches!(tokens.get(at), Some(TokenTree::Punct(p)) if p.as_char() == sought);
        let colons = |at: usize| sign(at, ':') && sign(at + 1, ':');
        let mut at = 0;
        while at < tokens.len() {
            let begin = at;
            at += 1;
            match &tokens[begin] {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(first) => {
                    let mut path = vec![first.unraw().to_string()];
                    while let (true, Some(TokenTree::Ident(next))) = (colons(at), tokens.get(at + 2)) {
                        path.push(next.unraw().to_string());
                        at += 3;
                    }
                    let before = |sought| begin > 0 && sign(begin - 1, sought);
                    let method = before('.') && !(begin > 1 && sign(begin - 2, '.'));
                    let parameter = before('$') && path[0] != "crate";
                    if method || parameter || (begin > 1 && colons(begin - 2)) || path[0] == "Self" {
                        continue;
                    }
                    let called = matches!(tokens.get(at), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis);
                    if path.len() == 1 && !called && self.bound.contains(&path[0]) {
                        continue;
                    }
                    let space = if sign(at, '!') && !sign(at + 1, '=') { Space::Macro } else { Space::Any };
                    self.add(&path, space, first.span().start().line, false);
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Visitor<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.within(attributes_of(item), |this| visit::visit_item(this, item));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        // A declaration of a file is no import of it.
        let Some((_, items)) = &item.content else { return };
        let child = format!("{}::{}", self.module, item.ident.unraw());
        let before = std::mem::replace(&mut self.module, child);
        items.iter().for_each(|item| self.visit_item(item));
        self.module = before;
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if item.leading_colon.is_some() {
            return;
        }
        for import in imports(&item.tree) {
            self.add(&import.path, Space::Any, import.line, true);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(|bound| bound.visit_item_fn(item), |this| visit::visit_item_fn(this, item));
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes = match item {
            syn::ImplItem::Fn(item) => &item.attrs,
            syn::ImplItem::Const(item) => &item.attrs,
            syn::ImplItem::Type(item) => &item.attrs,
            _ => &Vec::new(),
        };
        self.within(attributes, |this| {
            this.function(|bound| bound.visit_impl_item(item), |this| visit::visit_impl_item(this, item));
        });
    }

    fn visit_trait_item(&mut self, item: &'ast syn::TraitItem) {
        self.function(|bound| bound.visit_trait_item(item), |this| visit::visit_trait_item(this, item));
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        self.within(&field.attrs, |this| visit::visit_field(this, field));
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        self.within(&variant.attrs, |this| visit::visit_variant(this, variant));
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        self.within(&field.attrs, |this| visit::visit_field_value(this, field));
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.within(&arm.attrs, |this| visit::visit_arm(this, arm));
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        self.within(&local.attrs, |this| visit::visit_local(this, local));
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        let mut names = BTreeMap::new();
        for statement in &block.stmts {
            let syn::Stmt::Item(syn::Item::Use(item)) = statement else { continue };
            names.extend(imports(&item.tree).into_iter().filter_map(|import| Some((import.name?, import.path))));
        }
        self.local_imports.push(names);
        visit::visit_block(self, block);
        self.local_imports.pop();
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.path(path, Space::Any, false);
    }

    fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
        if let Some(own) = &path.qself {
            self.visit_qself(own);
        }
        self.path(&path.path, Space::Type, false);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        if let Some(own) = &path.qself {
            self.visit_qself(own);
        }
        self.path(&path.path, Space::Value, false);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        match &*call.func {
            syn::Expr::Path(function) if function.qself.is_none() => self.path(&function.path, Space::Value, true),
            function => self.visit_expr(function),
        }
        call.args.iter().for_each(|argument| self.visit_expr(argument));
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.path(&call.path, Space::Macro, false);
        self.tokens(call.tokens.clone());
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if item.ident.is_none() {
            self.path(&item.mac.path, Space::Macro, false);
        }
        item.attrs.iter().for_each(|attribute| self.visit_attribute(attribute));
        self.tokens(item.mac.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let syn::Meta::List(list) = &attribute.meta else { return };
        self.tokens(list.tokens.clone());
        if list.path.is_ident("serde") {
            // `serialize_with = "path"`
            for token in list.tokens.clone() {
                let TokenTree::Literal(literal) = token else { continue };
                let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) else { continue };
                if let Ok(path) = text.parse::<syn::Path>() {
                    self.path(&path, Space::Any, true);
                }
            }
        }
    }
}

fn attributes_of(item: &syn::Item) -> &[syn::Attribute] {
    use syn::Item;
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Collects the names that patterns bind.
struct Bound(BTreeSet<String>);

impl<'ast> Visit<'ast> for Bound {
    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        self.0.insert(pattern.ident.unraw().to_string());
        visit::visit_pat_ident(self, pattern);
    }
}
