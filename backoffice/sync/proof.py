"""What must hold of arrivals and deliveries: nothing that came or should be told is lost (rules: Y1, Y3)."""

from backoffice.lib.invariant import Invariant

INVARIANTS = (
    Invariant(
        name="deliveries",
        what="No system knows more than it should, and what is said to be delivered is.",
        over="sync_delivery",
        faults="""
            SELECT format('Delivery %s (%s %s to %s, %s): version %s is known, %s is wanted.', delivery.id, delivery.topic,
                          delivery.object_id, connection.name, delivery.state, delivery.known_version,
                          delivery.wanted_version)
              FROM sync_delivery delivery JOIN sync_connection connection ON connection.id = delivery.connection_id
             WHERE delivery.known_version > delivery.wanted_version
                OR (delivery.state = 'done' AND delivery.known_version <> delivery.wanted_version)
        """,
    ),
)
