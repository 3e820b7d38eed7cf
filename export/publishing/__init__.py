"""From an exported SavedModel to a published version: validate, bless, publish, and the way back.

Files in the order of the road: `layout` (the tree), `infra` (does a model server answer as it
should?), `blessing` (is it good enough?), `publisher` (copy aside, rename), then `rollback`,
`pruning` and `listing`.
"""
