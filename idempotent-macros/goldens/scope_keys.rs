#[automatically_derived]
impl ::idempotent_runtime::scope::ScopeKey for OrgId {
    fn scope_key(&self, part: &mut ::idempotent_runtime::scope::ScopePart<'_>) {
        <Uuid as ::idempotent_runtime::scope::ScopeKey>::scope_key(&self.0, part);
    }
}

#[automatically_derived]
impl ::idempotent_runtime::scope::ScopeKey for Account {
    fn scope_key(&self, part: &mut ::idempotent_runtime::scope::ScopePart<'_>) {
        <String as ::idempotent_runtime::scope::ScopeKey>::scope_key(&self.number, part);
    }
}

#[automatically_derived]
impl<'a> ::idempotent_runtime::scope::ScopeKey for Borrowed<'a> {
    fn scope_key(&self, part: &mut ::idempotent_runtime::scope::ScopePart<'_>) {
        <&'a str as ::idempotent_runtime::scope::ScopeKey>::scope_key(&self.0, part);
    }
}

#[automatically_derived]
impl<T: ?Sized, const N: usize> ::idempotent_runtime::scope::ScopeKey for Id<T, N>
where
    T: Clone,
    Box<T>: ::idempotent_runtime::scope::ScopeKey,
{
    fn scope_key(&self, part: &mut ::idempotent_runtime::scope::ScopePart<'_>) {
        <Box<T> as ::idempotent_runtime::scope::ScopeKey>::scope_key(&self.0, part);
    }
}

#[automatically_derived]
impl crate::vendored::scope::ScopeKey for UserId {
    fn scope_key(&self, part: &mut crate::vendored::scope::ScopePart<'_>) {
        <u64 as crate::vendored::scope::ScopeKey>::scope_key(&self.0, part);
    }
}
