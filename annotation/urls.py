from django.urls import path

from annotation.views import campaigns, datasets, rounds, stimuli, voting

app_name = "annotation"
urlpatterns = [
    path("annotate/<slug:slug>/", voting.vote, name="vote"),
    path("annotate/<slug:slug>/claim/", voting.claim, name="claim"),
    path("annotate/<slug:slug>/votes/", voting.votes, name="votes"),
    path("annotate/<slug:slug>/return/", voting.give_back, name="return"),
    path("annotate/<slug:slug>/heartbeat/", voting.heartbeat, name="heartbeat"),
    path("annotate/<slug:slug>/consent/", voting.consent, name="consent"),
    path("annotate/<slug:slug>/practice/", voting.practice, name="practice"),
    path("stimuli/<int:pk>/<slug:sha>/", stimuli.stimulus, name="stimulus"),
    path("stimuli/<int:pk>/<slug:sha>/shape/", stimuli.shape, name="stimulus-shape"),
    path("campaigns/", campaigns.campaigns, name="campaigns"),
    path("campaigns/new/", campaigns.campaign_new, name="campaign-new"),
    path("campaigns/<slug:slug>/", campaigns.campaign, name="campaign"),
    path("campaigns/<slug:slug>/live/", campaigns.campaign_live, name="campaign-live"),
    path("campaigns/<slug:slug>/status/", campaigns.campaign_status, name="campaign-status"),
    path("campaigns/<slug:slug>/rounds/", rounds.round_propose, name="round-propose"),
    path("campaigns/<slug:slug>/rounds/<int:number>/", rounds.round_detail, name="round"),
    path("campaigns/<slug:slug>/rounds/<int:number>/open/", rounds.round_opened, name="round-open"),
    path("campaigns/<slug:slug>/rounds/<int:number>/close/", rounds.round_closed, name="round-close"),
    path("datasets/<int:pk>/<slug:name>/", datasets.dataset_file, name="dataset-file"),
]
