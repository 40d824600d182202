-- Never ends by itself: what a time-out is tested with.
WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers) SELECT max(number) FROM numbers;
