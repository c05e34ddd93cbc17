-- Notifications of an organization since a time, without those of the platform itself.
SELECT count() AS notifications FROM notifications
WHERE organizationId = {organizationId:String} AND step = 0 AND sourceKind != 'system'
    AND createdAt >= parseDateTime64BestEffort({since:String}, 3, 'UTC')
