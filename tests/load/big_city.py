"""A database of stated size for the benchmarks: 100,000 lots and 1,000,000 moves, written by SQL, books in order.

Every lot is received once into a bin (1,000 pieces), moved four times to a second bin (10 each) and issued five times
(5 each): ten moves a lot, spread over 2,000 bins of 50 sites and 200 items. `beiyu verify` finds nothing.
"""

import asyncpg

WORLD = """
INSERT INTO region (key, tier, path, name_zh, source) VALUES ('city', 'city', '/1/', '测试市', 'load');
INSERT INTO material_class (scheme, code, path, level, name_zh, source)
VALUES ('local', '1', '/1/', 1, '救灾', 'load');
INSERT INTO storage_class (key, name_zh, source) VALUES ('dry', '常温', 'load');
INSERT INTO item (key, name_zh, tracking, kind, dimension, unit_zh, class_id, storage_class_id, source, search,
    sort_key)
SELECT 'ZP-' || lpad(n::text, 4, '0'), '帐篷' || n, 'lot', 'plain', 'piece', '顶', 1, 1, 'load', '|zp' || n || '|',
    'zhangpeng' || lpad(n::text, 4, '0')
FROM generate_series(1, {items}) n;
INSERT INTO site (uuid, code, name_zh, kind, region_id, path)
SELECT gen_random_uuid(), 'S' || lpad(n::text, 3, '0'), '仓库' || n, 'store', 1, '/1/'
FROM generate_series(1, {sites}) n;
INSERT INTO zone (site_id, code, name_zh) SELECT id, 'A', 'A区' FROM site;
INSERT INTO place (uuid, kind, site_id, code, key)
SELECT gen_random_uuid(), 'staging', id, 'STAGE', code || 'STAGE' FROM site ORDER BY id;
INSERT INTO place (uuid, kind, site_id, zone_id, code, key, sort_key)
SELECT gen_random_uuid(), 'bin', s.id, z.id, 'A-' || lpad(n::text, 2, '0'), s.code || 'B' || n,
    'A-' || lpad(n::text, 2, '0')
FROM site s JOIN zone z ON z.site_id = s.id, generate_series(1, {bins}) n ORDER BY s.id, n;
INSERT INTO lot (number, item_id, maker_batch, expires_on, owner_region_id, owner_path, stored_on, created_at, attempt)
SELECT '25' || lpad(n::text, 6, '0'), 1 + n % {items}, 'B' || n, date '2027-01-01' + (n % 1500), 1, '/1/',
    date '2025-11-01', timestamptz '2025-11-01', gen_random_uuid()
FROM generate_series(1, {lots}) n;
SELECT setval('lot_number', {lots});
"""
MOVES = """
WITH bins AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM place WHERE kind = 'bin'
), lots AS MATERIALIZED (
    SELECT l.id, b.id AS first, c.id AS second FROM lot l
    JOIN bins b ON b.n = l.id % ({sites} * {bins})
    JOIN bins c ON c.n = (l.id % ({sites} * {bins})) / {bins} * {bins} + (l.id + 1) % {bins}
)
INSERT INTO move (id, attempt, line, lot_id, quantity, from_place, from_condition, to_place, to_condition, reason,
    login, occurred_at, recorded_at, booked_on)
SELECT gen_random_uuid(), gen_random_uuid(), 0, id,
    CASE WHEN k = 0 THEN 1000 WHEN k < 5 THEN 10 ELSE 5 END,
    CASE WHEN k = 0 THEN 1 ELSE first END, 'good',
    CASE WHEN k = 0 THEN first WHEN k < 5 THEN second ELSE 3 END, 'good',
    CASE WHEN k = 0 THEN 'receive' WHEN k < 5 THEN 'move' ELSE 'issue' END, 'load',
    at, at, (at AT TIME ZONE 'Asia/Shanghai')::date
FROM lots, generate_series(0, 9) k,
    LATERAL (SELECT timestamptz '2025-11-01' + k * interval '35 days' + (id % 86400) * interval '1 second' AS at) t
ORDER BY k, id;
"""
BOOKS = """
INSERT INTO balance (lot_id, place_id, condition, on_hand, item_id, site_id, expires_on)
SELECT m.lot_id, m.place, 'good', sum(m.q), l.item_id, p.site_id, l.expires_on FROM (
    SELECT lot_id, to_place AS place, quantity AS q FROM move WHERE to_place >= 100
    UNION ALL SELECT lot_id, from_place, -quantity FROM move WHERE from_place >= 100
) m JOIN lot l ON l.id = m.lot_id JOIN place p ON p.id = m.place GROUP BY 1, 2, 5, 6, 7;
INSERT INTO outside_total (lot_id, place_id, came, went)
SELECT lot_id, place, sum(came), sum(went) FROM (
    SELECT lot_id, from_place AS place, quantity AS came, 0 AS went FROM move WHERE from_place < 100
    UNION ALL SELECT lot_id, to_place, 0, quantity FROM move WHERE to_place < 100
) o GROUP BY 1, 2;
"""


async def fill(
    connection: asyncpg.Connection, *, lots: int = 100_000, items: int = 200, sites: int = 50, bins: int = 40
) -> None:
    """Fill an empty, migrated database as its owner: `lots` lots, ten moves each."""
    size = {"lots": lots, "items": items, "sites": sites, "bins": bins}
    for part in (WORLD, MOVES, BOOKS):
        await connection.execute(part.format(**size))
    await connection.execute("VACUUM ANALYZE")
