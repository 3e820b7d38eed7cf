"""From an exported SavedModel to a published version: validate, bless, publish, and the way back.

Steps, in the order of the files that a reader should open: `layout` (the tree), `infra` (does a
model server answer as it should?), `blessing` (is it good enough?), `publisher` (copy aside, rename),
`rollback`, `pruning`, `listing`.
"""
