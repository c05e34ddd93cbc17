-- A page of emits, newest first, without the platform's own. The page is found by few columns and in small blocks,
-- because each of the table's many parts is read from its end, at least one block. All other columns are looked up for
-- the page only.
WITH page AS
(
    SELECT emitId FROM emits
    WHERE {{emitFilters}}
        AND ({verdict:Nullable(String)} IS NULL OR verdict = {verdict:Nullable(String)})
        AND {{isNewestVerdict}}
    ORDER BY emitId DESC
    LIMIT 1 BY emitId
    LIMIT {limit:UInt32}
)
{{emitsOfPage}}
