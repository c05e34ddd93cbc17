-- A page of emits, newest first, down to a position. The page is found by few columns and in small blocks,
-- because each of the table's many parts is read from its end, at least one block. All other columns are looked up for
-- the page only.
WITH page AS
(
    SELECT emitId FROM emits
    WHERE {{emitFilters}}
        AND ({reached:Nullable(String)} IS NULL OR emitId >= {reached:Nullable(String)})
        AND {{isNewestVerdict}}
    ORDER BY emitId DESC
    LIMIT 1 BY emitId
    LIMIT {limit:UInt32}
)
{{emitsOfPage}}
