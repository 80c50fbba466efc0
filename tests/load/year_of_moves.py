"""A large and consistent world by plain SQL: lots over 40 sites with 25 bins each, ten moves a lot, within a year."""

import asyncpg

_SQL = """
INSERT INTO region (id, key, parent_id, tier, path, name_zh, source)
    SELECT 10 + n, 'd' || n, 1, 'district', '/1/' || 10 + n || '/', '区' || n, 'test' FROM generate_series(1, 6) n;
INSERT INTO item (id, key, name_zh, tracking, kind, dimension, unit_zh, class_id, storage_class_id, source, search,
        sort_key)
    SELECT 100 + n, 'WZ-' || lpad(n::text, 4, '0'), '物资' || n, 'lot', 'plain', 'piece', '件', 1, 1, 'test',
        '|物资' || n || '|', 'wuzi' || lpad(n::text, 4, '0') FROM generate_series(1, 150) n;
INSERT INTO site (id, uuid, code, name_zh, kind, region_id, path)
    SELECT 100 + n, gen_random_uuid(), 'LG' || lpad(n::text, 2, '0'), '库' || n, 'store', 10 + (n % 6) + 1,
        '/1/' || 10 + (n % 6) + 1 || '/' FROM generate_series(1, 40) n;
INSERT INTO zone (id, site_id, code, name_zh) SELECT 100 + n, 100 + n, 'A', 'A区' FROM generate_series(1, 40) n;
INSERT INTO place (id, uuid, kind, site_id, zone_id, code, key, sort_key)
    SELECT 1000 + (s - 1) * 25 + b, gen_random_uuid(), 'bin', 100 + s, 100 + s, 'A-' || lpad(b::text, 2, '0'),
        'LG' || s || 'A' || b, lpad(b::text, 2, '0') FROM generate_series(1, 40) s, generate_series(1, 25) b;
INSERT INTO lot (id, number, item_id, maker_batch, expires_on, owner_region_id, owner_path, stored_on, created_at,
        attempt)
    SELECT 1000 + n, '25' || lpad(n::text, 6, '0'), 101 + n % 150, 'B' || n,
        CASE WHEN n % 10 = 0 THEN NULL ELSE date '2026-06-01' + (n * 7919) % 1500 END,
        10 + (n * 31 % 6) + 1, '/1/' || 10 + (n * 31 % 6) + 1 || '/', date '2025-12-01', '2025-12-01Z',
        gen_random_uuid()
    FROM generate_series(1, {lots}) n;
-- Each lot: received 100 into bin a, then issued from a or moved from a to b, in turn, one unit at a time.
INSERT INTO move (id, attempt, line, lot_id, quantity, from_place, from_condition, to_place, to_condition, reason,
        login, occurred_at, recorded_at, booked_on)
    SELECT gen_random_uuid(), gen_random_uuid(), 0, 1000 + n, CASE WHEN k = 0 THEN 100 ELSE 1 END,
        CASE WHEN k = 0 THEN 1 ELSE 1001 + (n * 17) % 1000 END, 'good',
        CASE WHEN k = 0 THEN 1001 + (n * 17) % 1000 WHEN k % 2 = 1 THEN 3
             ELSE 1001 + (n * 17) % 1000 / 25 * 25 + (n * 17 + 1) % 25 END, 'good',
        CASE WHEN k = 0 THEN 'receive' WHEN k % 2 = 1 THEN 'issue' ELSE 'move' END, 'test',
        t, t + interval '1 second', (t AT TIME ZONE 'Asia/Shanghai')::date
    FROM (SELECT n, k, timestamptz '2025-12-01Z' + interval '30 days' * k + interval '1 second' * (n % 2000000) AS t
          FROM generate_series(0, 9) k, generate_series(1, {lots}) n) x ORDER BY t;
INSERT INTO attempt (id, content_hash, verb, outcome, receipt, recorded_at)
    SELECT attempt, ''::bytea, reason, 'done', '{{}}', recorded_at FROM move;
INSERT INTO balance (lot_id, place_id, condition, on_hand, item_id, site_id, expires_on)
    SELECT b.lot_id, b.place_id, 'good', sum(q), l.item_id, p.site_id, l.expires_on FROM (
        SELECT lot_id, to_place AS place_id, quantity AS q FROM move UNION ALL
        SELECT lot_id, from_place, -quantity FROM move) b
    JOIN lot l ON l.id = b.lot_id JOIN place p ON p.id = b.place_id WHERE b.place_id >= 100 GROUP BY 1, 2, l.id, p.id;
INSERT INTO outside_total (lot_id, place_id, came, went)
    SELECT lot_id, place_id, sum(c), sum(w) FROM (
        SELECT lot_id, from_place AS place_id, quantity AS c, 0 AS w FROM move UNION ALL
        SELECT lot_id, to_place, 0, quantity FROM move) b WHERE place_id < 100 GROUP BY 1, 2;
ANALYZE;
"""


async def build(owner: asyncpg.Connection, lots: int = 100_000) -> None:
    """Fill the small world up; ten moves per lot."""
    await owner.execute(_SQL.format(lots=lots))
