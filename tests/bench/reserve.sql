-- The reservation of services/points/store as one call: the same rules, the same rows, on the same tables.
CREATE FUNCTION bench_reserve(wanted_household bigint, wanted_item bigint, units int, wanted_key text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  home record;
  goods record;
  cost bigint;
  signs constant text := '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
  slip text;
  open_on int[];
  openings int := 0;
  last_day date;
  made bigint;
  today constant date := (now() AT TIME ZONE 'Asia/Shanghai')::date;
BEGIN
  SELECT h.village_id, h.valid_to, v.township_id INTO STRICT home
    FROM registry_household h JOIN registry_village v ON v.id = h.village_id WHERE h.id = wanted_household;
  SELECT i.village_id, i.name, i.limit_quantity INTO STRICT goods FROM points_item i WHERE i.id = wanted_item;
  IF goods.village_id <> home.village_id OR home.valid_to < today OR units NOT BETWEEN 1 AND 1000 THEN
    RAISE EXCEPTION 'refused';
  END IF;
  SELECT p.points * units INTO STRICT cost FROM points_price p
    WHERE p.item_id = wanted_item AND p.effective_from <= today ORDER BY p.effective_from DESC LIMIT 1;
  UPDATE points_account SET reserved = reserved + cost
    WHERE village_id = home.village_id AND household_id = wanted_household AND balance - reserved >= cost;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'too few points';
  END IF;
  SELECT id INTO made FROM points_redemption WHERE village_id = home.village_id AND key = wanted_key;
  IF FOUND THEN
    RAISE EXCEPTION 'reserved already';
  END IF;
  IF goods.limit_quantity IS NOT NULL THEN
    RAISE EXCEPTION 'the bench has no limits';
  END IF;
  UPDATE points_item SET reserved = reserved + units
    WHERE id = wanted_item AND on_offer AND on_hand - reserved >= units;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'too few goods';
  END IF;
  SELECT array_agg(weekday) INTO open_on FROM points_opening_day WHERE village_id = home.village_id;
  last_day := today + 7;
  IF open_on IS NOT NULL THEN
    SELECT count(*) INTO openings FROM generate_series(1, 7) n
      WHERE extract(isodow FROM today + n::int) = ANY (open_on);
    WHILE openings < 2 LOOP
      last_day := last_day + 1;
      openings := openings + (extract(isodow FROM last_day) = ANY (open_on))::int;
    END LOOP;
  END IF;
  LOOP
    SELECT string_agg(substr(signs, 1 + floor(random() * 31)::int, 1), '') INTO slip FROM generate_series(1, 8);
    INSERT INTO points_redemption (village_id, household_id, item_id, key, code, quantity, points, state, reserved_by,
      reserved_at, expires_at, reason, fetched_by, version)
    VALUES (home.village_id, wanted_household, wanted_item, wanted_key, slip, units, cost, 'reserved', 'account:1',
      now(), (last_day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai', '', '', 1)
    ON CONFLICT (code) DO NOTHING RETURNING id INTO made;
    EXIT WHEN FOUND;
  END LOOP;
  INSERT INTO points_stock_move (item_id, redemption_id, kind, on_hand, reserved, reason, made_by, made_at)
    VALUES (wanted_item, made, 'reserve', 0, units, '', 'account:1', now());
  INSERT INTO points_audit (at, township_id, actor, action, subject_kind, subject_id, village_id, details)
    VALUES (now(), home.township_id, 'account:1', 'reserve_goods', 'redemption', made::text, home.village_id, '{}');
  RETURN made;
END $$;
