//! Child elements and attributes of domain XML.

use roxmltree::Node;

/// The child elements.
pub(super) fn elements<'a, 'input>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

/// The first child element with this name.
pub(super) fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    elements(node).find(|child| child.has_tag_name(name))
}

/// An attribute; `None` if it is empty.
pub(super) fn attribute(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.attribute(name).filter(|value| !value.is_empty()).map(str::to_owned)
}

/// The first of these attributes that is not empty.
pub(super) fn first_attribute(node: Node<'_, '_>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| attribute(node, name))
}
