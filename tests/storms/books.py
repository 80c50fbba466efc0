"""The books done again by other code than the program's: plain SQL over moves, attempts, scans and the audit trail."""

import asyncpg

from warehouse.stock import verify

CHECKS = {
    "a balance differs from its moves": """
        SELECT lot_id, place_id, condition, sum(q) FROM (
            SELECT lot_id, to_place AS place_id, to_condition AS condition, quantity AS q
            FROM move WHERE to_place >= 100
            UNION ALL SELECT lot_id, from_place, from_condition, -quantity FROM move WHERE from_place >= 100
            UNION ALL SELECT lot_id, place_id, condition, -on_hand FROM balance
        ) x GROUP BY 1, 2, 3 HAVING sum(q) <> 0""",
    "a balance is negative or over-reserved": """
        SELECT lot_id, place_id, condition, on_hand, reserved FROM balance
        WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand""",
    "a lot is not where it came from": """
        SELECT lot_id, sum(q) FROM (
            SELECT lot_id, quantity AS q FROM move WHERE from_place < 100
            UNION ALL SELECT lot_id, -quantity FROM move WHERE to_place < 100
            UNION ALL SELECT lot_id, -on_hand FROM balance
        ) x GROUP BY 1 HAVING sum(q) <> 0""",
    "an outside total differs from its moves": """
        SELECT lot_id, place_id, sum(came), sum(went) FROM (
            SELECT lot_id, from_place AS place_id, quantity AS came, 0 AS went FROM move WHERE from_place < 100
            UNION ALL SELECT lot_id, to_place, 0, quantity FROM move WHERE to_place < 100
            UNION ALL SELECT lot_id, place_id, -came, -went FROM outside_total
        ) x GROUP BY 1, 2 HAVING sum(came) <> 0 OR sum(went) <> 0""",
    "a piece is not where its last move brought it": """
        SELECT s.serial_id, s.place_id, m.to_place FROM serial_state s
        JOIN LATERAL (SELECT m.* FROM move_serial ms JOIN move m ON m.seq = ms.move_seq
                      WHERE ms.serial_id = s.serial_id ORDER BY m.seq DESC LIMIT 1) m ON true
        WHERE (s.place_id, s.condition, s.move_seq) IS DISTINCT FROM (m.to_place, m.to_condition, m.seq)""",
    "a balance of numbered goods differs from its pieces": """
        SELECT b.lot_id, b.place_id, b.condition, b.on_hand, count(s.serial_id) FROM balance b
        JOIN item i ON i.id = b.item_id AND i.tracking = 'serial'
        LEFT JOIN serial_state s USING (lot_id, place_id, condition)
        GROUP BY 1, 2, 3, 4 HAVING b.on_hand <> count(s.serial_id)""",
    "moves without their attempt, or of a refused one": """
        SELECT m.attempt, a.outcome FROM move m LEFT JOIN attempt a ON a.id = m.attempt
        WHERE a.outcome IS DISTINCT FROM 'done'""",
    "an attempt that was done and moved nothing, or not all of its lines": """
        SELECT a.id, a.verb, jsonb_array_length(a.receipt -> 'lines') FROM attempt a
        WHERE a.outcome = 'done' AND jsonb_typeof(a.receipt -> 'lines') = 'array'
          AND jsonb_array_length(a.receipt -> 'lines') > (SELECT count(*) FROM move m WHERE m.attempt = a.id)""",
    "a scan whose answer differs from its attempt": """
        SELECT s.id, s.outcome, a.outcome FROM scan s LEFT JOIN attempt a ON a.id = s.id
        WHERE s.mode <> 'look-up' AND s.outcome = 'done' AND s.receipt -> 'facts' ? 'lines'
          AND a.outcome IS DISTINCT FROM 'done'
        UNION ALL SELECT a.id, s.outcome, a.outcome FROM attempt a JOIN scan s ON s.id = a.id
        WHERE s.outcome <> a.outcome""",
    "an attempt of a scan without the scan's row": """
        SELECT a.id FROM attempt a JOIN audit u ON u.attempt = a.id AND u.login = 'storm'
        WHERE a.verb IN ('receive', 'put-away', 'move', 'issue') AND u.facts ->> 'note' = 'storm'
          AND NOT EXISTS (SELECT FROM scan s WHERE s.id = a.id)""",
    "an attempt without its audit row, or goods moved with two": """
        SELECT a.id, a.verb, a.outcome, count(u.seq) FROM attempt a LEFT JOIN audit u
          ON u.attempt = a.id AND u.success = (a.outcome = 'done')
        GROUP BY 1, 2, 3 HAVING count(u.seq) = 0 OR count(u.seq) FILTER (WHERE u.verb LIKE 'stock.%') > 1""",
    "a scan without an audit row": """
        SELECT s.id, s.outcome FROM scan s WHERE NOT EXISTS (SELECT FROM audit u WHERE u.attempt = s.id)""",
    "two lots alike": """
        SELECT item_id, maker_batch, count(*) FROM lot
        GROUP BY item_id, maker_id, maker_batch, produced_on, expires_on, owner_region_id, owner_party_id,
            fund_source, price_fen, price_per, parent_id HAVING count(*) > 1""",
    "a move undone twice": """
        SELECT reverses, count(*) FROM move WHERE reverses IS NOT NULL GROUP BY 1 HAVING count(*) > 1""",
    "a lot without the attempt that made it": """
        SELECT l.id FROM lot l JOIN person p ON p.login = 'storm'
        WHERE l.created_at > p.password_set_at AND NOT EXISTS (SELECT FROM move m WHERE m.lot_id = l.id)""",
    "a held reservation is not in its balance": """
        SELECT b.lot_id, b.place_id, b.reserved FROM balance b LEFT JOIN reservation r
          ON r.lot_id = b.lot_id AND r.place_id = b.place_id AND r.condition = b.condition AND r.state = 'held'
        GROUP BY 1, 2, b.condition, 3 HAVING b.reserved <> coalesce(sum(r.quantity), 0)""",
}


async def differences(connection: asyncpg.Connection) -> list[str]:
    """Every way in which the books do not agree with themselves, in words; empty where all is well."""
    found = []
    for name, sql in CHECKS.items():
        rows = await connection.fetch(sql)
        if rows:
            found.append(f"{name}: {len(rows)}, e.g. {[tuple(row) for row in rows[:3]]}")
    return found


async def verified() -> list[str]:
    """What the program's own `verify` says, on the engine's connection."""
    return [str(difference) for difference in await verify.run()]
